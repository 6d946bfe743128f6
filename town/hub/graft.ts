import { runGit } from "#services/git/run-git.ts";
import { eventsDir } from "#services/ledger/event-blobs.ts";
import type { NewFile } from "#services/ledger/fast-import.ts";
import { beforeRefs } from "#services/ledger/noted-tips.ts";

/** What others' branches have and a commit of `main` lacks. */
export type Graft = {
  readonly files: readonly NewFile[];
  /** The tips that `main` does not contain yet. */
  readonly merge: readonly string[];
};

/**
 * Find the segments that `base` lacks, on the branches that it does not contain.
 *
 * With `thorough` on all of them, and on what a branch had before it went back: so the events of a
 * machine that is no more outlive a remote that was rewound. A segment is only ever appended to;
 * of two of one name the longer is the one that contains the other.
 */
export async function findGraft(
  dir: string,
  base: string | undefined,
  thorough: boolean,
): Promise<Graft> {
  const branches = await listBranches(dir);
  const unmerged = base === undefined ? branches : await listBranches(dir, base);
  const merge = unmerged.map(({ tip }) => tip);
  const found = new Map<string, Sized>();
  for (const { tip, folder } of thorough ? branches : unmerged) {
    await keepLonger(found, await lacking(dir, base, tip, folder), dir);
  }
  if (thorough) {
    for (const { tip, ref } of await listRefs(dir, [beforeRefs])) {
      const lost = await lacking(dir, base, tip, eventsDir);
      // Nothing that it had is missing any more.
      if (lost.length === 0) await runGit(["update-ref", "-d", ref, tip], { cwd: dir });
      await keepLonger(found, lost, dir);
    }
  }
  return { files: [...found].map(([path, { blob }]) => ({ path, blob })), merge };
}

type Branch = { readonly tip: string; readonly folder: string };

/** Branches of machines and of deposed towns, those alone that `base` does not contain if given. */
async function listBranches(dir: string, base?: string): Promise<Branch[]> {
  const origin = "refs/remotes/origin";
  const unmerged = base === undefined ? [] : ["--no-merged", base];
  const refs = await listRefs(dir, [...unmerged, `${origin}/machines`, `${origin}/towns`]);
  return refs.map(({ tip, ref }) => {
    const [kind, name] = ref.slice(origin.length + 1).split("/");
    return { tip, folder: `${eventsDir}/${kind === "towns" ? "town" : name}` };
  });
}

async function listRefs(dir: string, which: readonly string[]) {
  const args = ["for-each-ref", "--format=%(objectname) %(refname)", ...which];
  const { stdout } = await runGit(args, { cwd: dir });
  const rows = stdout.split("\n").filter((row) => row !== "");
  return rows.map((row) => {
    const [tip = "", ref = ""] = row.split(" ");
    return { tip, ref };
  });
}

type Sized = { readonly blob: string; readonly bytes: number };
type Lacking = { readonly path: string; readonly blob: string; readonly held: string | undefined };

/** The segments of a tip that `base` has not, or has shorter. */
async function lacking(
  dir: string,
  base: string | undefined,
  tip: string,
  folder: string,
): Promise<Lacking[]> {
  const from = base ?? (await runGit(["mktree"], { cwd: dir, input: "" })).stdout.trim();
  const options = ["-r", "-z", "--no-renames", "--diff-filter=AM"];
  const args = ["diff-tree", ...options, from, tip, "--", `${folder}/`];
  const parts = (await runGit(args, { cwd: dir })).stdout.split("\0");
  const differing: Lacking[] = [];
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const [, mode, held = "", blob = "", kind] = (parts[index] ?? "").split(" ");
    const path = parts[index + 1] ?? "";
    if (!mode?.startsWith("100") || !path.endsWith(".jsonl")) continue;
    differing.push({ path, blob, held: kind === "M" ? held : undefined });
  }
  const bytes = await sizes(
    dir,
    differing.flatMap(({ blob, held }) => (held === undefined ? [] : [blob, held])),
  );
  return differing.filter(({ blob, held }) => {
    return held === undefined || (bytes.get(blob) ?? 0) > (bytes.get(held) ?? 0);
  });
}

async function keepLonger(
  found: Map<string, Sized>,
  more: readonly Lacking[],
  dir: string,
): Promise<void> {
  const bytes = await sizes(
    dir,
    more.map(({ blob }) => blob),
  );
  for (const { path, blob } of more) {
    const sized = { blob, bytes: bytes.get(blob) ?? 0 };
    if (sized.bytes > (found.get(path)?.bytes ?? -1)) found.set(path, sized);
  }
}

async function sizes(dir: string, oids: readonly string[]): Promise<Map<string, number>> {
  if (oids.length === 0) return new Map();
  const input = oids.map((oid) => `${oid}\n`).join("");
  const { stdout } = await runGit(["cat-file", "--batch-check"], { cwd: dir, input });
  return new Map(
    stdout.split("\n").map((row) => {
      const [oid = "", , bytes] = row.split(" ");
      return [oid, Number(bytes)];
    }),
  );
}
