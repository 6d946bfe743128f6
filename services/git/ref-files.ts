import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { TownError } from "#services/rpc/town-error.ts";
import { runGit } from "./run-git.ts";

/** Where refs stand, by their full names, sorted as git sorts them. */
export type Refs = ReadonlyMap<string, string>;

/**
 * The refs below some folders of refs (`refs/remotes/origin`), each with the object that it names,
 * read without a process where they are files.
 *
 * @param dir a bare repository
 * @see https://git-scm.com/docs/gitrepository-layout, "refs" and "packed-refs"
 */
export async function listRefs(
  dir: string,
  folders: readonly string[],
  signal?: AbortSignal,
): Promise<Refs> {
  if (signal?.aborted) throw new TownError("cancelled", `reading the refs of ${dir}: cancelled`);
  const found = hasRefFiles(dir) ? await readRefFiles(dir, folders) : undefined;
  return found ?? askRefs(dir, folders, signal);
}

/** The object that one ref names, or undefined; see {@link listRefs}. */
export async function findRef(dir: string, ref: string): Promise<string | undefined> {
  if (hasRefFiles(dir)) {
    const text = await readIfThere(join(dir, ref));
    const oid = asOid(text?.trim()) ?? (text === undefined ? await packedRef(dir, ref) : undefined);
    if (oid !== undefined || text === undefined) return oid;
  }
  return (await askRefs(dir, [ref])).get(ref);
}

/** Not where a newer git keeps them in tables. */
function hasRefFiles(dir: string): boolean {
  return !existsSync(join(dir, "reftable"));
}

/** Undefined where one refers to another: what that comes to, git knows. */
async function readRefFiles(dir: string, folders: readonly string[]): Promise<Refs | undefined> {
  const names: string[] = [];
  for (const folder of folders) await collectFiles(dir, folder, names);
  const texts = await Promise.all(names.map((name) => readIfThere(join(dir, name))));
  if (texts.some((text) => text?.startsWith("ref:"))) return undefined;
  // The packed ones last: a ref that is packed now was a file when the files were read.
  const refs = await packedRefs(dir, folders);
  for (const [index, name] of names.entries()) {
    const oid = asOid(texts[index]?.trim());
    if (oid !== undefined) refs.set(name, oid);
  }
  return new Map([...refs].sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function collectFiles(dir: string, folder: string, names: string[]): Promise<void> {
  const found = await readdir(join(dir, folder), { withFileTypes: true }).catch(absent);
  for (const entry of found ?? []) {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory()) await collectFiles(dir, name, names);
    else if (!entry.name.endsWith(".lock") && !entry.name.startsWith(".")) names.push(name);
  }
}

async function packedRefs(dir: string, folders: readonly string[]): Promise<Map<string, string>> {
  const refs = new Map<string, string>();
  for (const row of ((await readIfThere(join(dir, "packed-refs"))) ?? "").split("\n")) {
    const space = row.indexOf(" ");
    const name = row.slice(space + 1);
    const oid = asOid(row.slice(0, Math.max(space, 0)));
    if (oid === undefined) continue; // The head line, or what a tag above comes to.
    if (folders.some((folder) => name.startsWith(`${folder}/`))) refs.set(name, oid);
  }
  return refs;
}

async function packedRef(dir: string, ref: string): Promise<string | undefined> {
  return (await packedRefs(dir, [ref.slice(0, ref.lastIndexOf("/"))])).get(ref);
}

async function askRefs(
  dir: string,
  which: readonly string[],
  signal?: AbortSignal,
): Promise<Map<string, string>> {
  const args = ["for-each-ref", "--format=%(objectname) %(refname)", ...which];
  const { stdout } = await runGit(args, { cwd: dir, signal });
  const rows = stdout.split("\n").filter((row) => row !== "");
  return new Map(
    rows.map((row) => {
      const space = row.indexOf(" ");
      return [row.slice(space + 1), row.slice(0, space)];
    }),
  );
}

async function readIfThere(path: string): Promise<string | undefined> {
  return (await readFile(path).catch(absent))?.toString("utf8");
}

function asOid(text: string | undefined): string | undefined {
  return text !== undefined && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text) ? text : undefined;
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (["ENOENT", "ENOTDIR", "EISDIR"].includes(error.code ?? "")) return undefined;
  throw error;
}
