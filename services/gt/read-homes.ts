import { readdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { TownError } from "#services/rpc/town-error.ts";
import { type Hints, type Home, nonEmpty, type TownFile } from "./find-town.ts";

const fileVersion = 1;

/** The homes to look at, the likeliest first: the one that was named, else those up from `cwd`. */
export function homePaths({ home, env }: Hints, cwd: string): string[] {
  const named = home ?? nonEmpty(env["GT_HOME"]);
  if (named !== undefined) return [resolve(cwd, named)];
  const paths: string[] = [];
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    paths.push(join(folder, ".gastown", "town"), join(folder, ".gastown", "demo"));
    if (folder === dirname(folder)) return paths;
  }
}

/** The homes among `paths` that hold a town, or a machine of one. */
export async function readHomes(paths: readonly string[]): Promise<Home[]> {
  const homes: Home[] = [];
  for (const path of paths) {
    const file = (await readTownFile(path)) ?? (await guessFromMachines(path));
    if (file !== undefined) homes.push({ path, file });
  }
  return homes;
}

async function readTownFile(home: string): Promise<TownFile | undefined> {
  const path = join(home, "town.json");
  const text = await readFile(path, "utf8").catch(absent);
  return text === undefined ? undefined : parseTownFile(text, path);
}

/**
 * What a town.json says.
 *
 * Checked by hand, not by zod: loading zod would cost every `gt` call 35 ms for four fields.
 *
 * @throws TownError `invalid` where it is not one, or is of another version
 */
export function parseTownFile(text: string, path: string): TownFile {
  const value = parseJson(text, path);
  const version = value["version"];
  if (version !== fileVersion) {
    const found = JSON.stringify(version) ?? "none";
    throw new TownError("invalid", `${path} is of version ${found}; this gt reads ${fileVersion}`);
  }
  const { town, address, sockets } = value;
  if (typeof town !== "string" || typeof address !== "string") {
    throw new TownError("invalid", `${path} does not say "town" and "address"`);
  }
  return { town, address, sockets: socketsOf(sockets) };
}

function parseJson(text: string, path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return { ...value };
  } catch (cause) {
    throw new TownError("invalid", `${path} is not JSON`, { cause });
  }
  throw new TownError("invalid", `${path} is not a JSON object`);
}

function socketsOf(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  const entries = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return Object.fromEntries(entries);
}

/** A machine that joined a town elsewhere has a rig-agent here, and perhaps no town.json. */
async function guessFromMachines(home: string): Promise<TownFile | undefined> {
  const machines = await readdir(join(home, "machines"), { withFileTypes: true }).catch(absent);
  if (machines === undefined) return undefined;
  const sockets: Record<string, string> = {};
  for (const machine of machines.filter((entry) => entry.isDirectory())) {
    sockets[machine.name] = join(home, "machines", machine.name, "agent.sock");
  }
  if (Object.keys(sockets).length === 0) return undefined;
  return { town: "", address: "", sockets };
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
  throw error;
}
