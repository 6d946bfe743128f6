import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { nonEmpty } from "./find-town.ts";

const fileVersion = 1;
/** Homes that were never ended properly add up; the oldest go first. */
const homesMax = 100;

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a user's homes are noted, so that `gt` finds them from any folder; none without a HOME. */
export function knownHomesPath(env: Environment): string | undefined {
  const home = nonEmpty(env["HOME"]);
  const state = nonEmpty(env["XDG_STATE_HOME"]) ?? (home && join(home, ".local", "state"));
  return state === undefined ? undefined : join(state, "gastown", "homes.json");
}

/** The homes in which something was started and not ended since, the latest first. */
export function knownHomes(env: Environment): string[] {
  const path = knownHomesPath(env);
  return path === undefined ? [] : read(path);
}

/** Note that something runs in a home now. */
export function rememberHome(home: string, env: Environment): void {
  change(env, (homes) => [resolve(home), ...homes.filter((each) => each !== resolve(home))]);
}

/** Strike out a home in which everything has ended. */
export function forgetHome(home: string, env: Environment): void {
  change(env, (homes) => homes.filter((each) => each !== resolve(home)));
}

/** Written whole or not at all; it is a convenience, so a folder that takes no files has none. */
function change(env: Environment, changed: (homes: string[]) => string[]): void {
  const path = knownHomesPath(env);
  if (path === undefined) return;
  const before = read(path);
  const homes = changed(before).slice(0, homesMax);
  if (homes.join("\n") === before.join("\n")) return;
  const partial = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const text = JSON.stringify({ version: fileVersion, homes }, undefined, 2);
    writeFileSync(partial, `${text}\n`, { mode: 0o600 });
    renameSync(partial, path);
  } catch (error) {
    if (!cannotWrite.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

const cannotWrite = new Set(["EACCES", "EPERM", "EROFS", "ENOTDIR", "ENOENT", "ENOSPC", "EEXIST"]);

/** One that cannot be read, or is of another version, names nothing. */
function read(path: string): string[] {
  try {
    const { version, homes } = JSON.parse(readFileSync(path, "utf8")) ?? {};
    if (version !== fileVersion || !Array.isArray(homes)) return [];
    return homes.filter((home): home is string => typeof home === "string");
  } catch {
    return [];
  }
}
