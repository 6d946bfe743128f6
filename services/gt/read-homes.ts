import { readdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { TownError } from "#services/rpc/town-error.ts";
import { systemProcesses } from "#services/runtime/process-table.ts";
import { type Hints, type Home, nonEmpty, type TownFile } from "./find-town.ts";
import { knownHomes } from "./known-homes.ts";
import { UsageError } from "./usage-error.ts";

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

/**
 * The homes that a call may mean: the one that was named, whatever is there; else those up from
 * `cwd` in which something runs; else the only one that runs anywhere on this host.
 *
 * @throws UsageError where several run elsewhere and nothing says which is meant
 */
export async function findHomes(hints: Hints, cwd: string): Promise<Home[]> {
  const { town, home, env } = hints;
  const near = await readHomes(homePaths(hints, cwd));
  if ((home ?? nonEmpty(env["GT_HOME"])) !== undefined) return near;
  const running = await onlyRunning(near);
  const isNamed = town ?? nonEmpty(env["GT_SOCKET"]) ?? nonEmpty(env["GT_TOWN"]);
  if (running.length > 0 || isNamed !== undefined) return running;
  const far = await runningTowns(env);
  if (far.length < 2) return far;
  const named = far.map(({ path, file }) => `the one at ${file.address} (--home ${path})`);
  throw new UsageError(`several towns run on this host; say which: ${named.join(", ")}`);
}

/**
 * A home for each town of which something runs here now, wherever that is: its own, or else that of
 * a machine which joined it.
 */
export async function runningTowns(env: Hints["env"]): Promise<Home[]> {
  const homes: Home[] = [];
  for (const path of knownHomes(env)) {
    // One that is broken, or gone, is told where somebody goes there.
    homes.push(...(await readHomes([path]).catch(() => [])));
  }
  const running = await onlyRunning(homes.filter(({ file }) => file.pids !== undefined));
  const towns = new Map<string, Home>();
  for (const home of running) {
    const { address, pids } = home.file;
    if (!towns.has(address) || pids?.["town"] !== undefined) towns.set(address, home);
  }
  return [...towns.values()];
}

/** The homes that have a process left; one that notes none is given the benefit of the doubt. */
export async function onlyRunning(homes: readonly Home[]): Promise<Home[]> {
  const table = systemProcesses();
  const running: Home[] = [];
  for (const home of homes) {
    const marks = Object.values(home.file.pids ?? {});
    const rows = await Promise.all(marks.map(({ pid }) => table.row(pid)));
    const isAlive = rows.some((row, at) => row?.startTime === marks[at]?.startTime && !row?.dead);
    if (isAlive || home.file.pids === undefined) running.push(home);
  }
  return running;
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
  const { town, address, sockets, pids } = value;
  if (typeof town !== "string" || typeof address !== "string") {
    throw new TownError("invalid", `${path} does not say "town" and "address"`);
  }
  const found = { town, address, sockets: socketsOf(sockets) };
  return pids === undefined ? found : { ...found, pids: marksOf(pids) };
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

function marksOf(value: unknown): NonNullable<TownFile["pids"]> {
  if (typeof value !== "object" || value === null) return {};
  const marks = Object.entries(value).flatMap(([name, mark]) => {
    const { pid, startTime }: Record<string, unknown> = { ...mark };
    if (typeof pid !== "number" || typeof startTime !== "string") return [];
    return [[name, { pid, startTime }] as const];
  });
  return Object.fromEntries(marks);
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
