import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** How one call of `gt` ended, and what a user saw of it. */
export type GtRun = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

/** Where `gt` is run, and which town it finds there. */
export type GtPlace = {
  readonly cwd: string;
  /** Empty: as the folder and the environment say. */
  readonly address?: string;
  readonly env?: Readonly<Record<string, string>>;
};

/** Run `gt` as a process of its own, as a user does. */
export function runGt(args: readonly string[], place: GtPlace): Promise<GtRun> {
  const { cwd, address = "", env = {} } = place;
  const more = address === "" ? env : { GT_TOWN: address, ...env };
  return runProgram("services/gt/gt.mjs", args, { cwd, env: more });
}

/** Run one of our programs to its end, in an environment that names no other town. */
export async function runProgram(
  script: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<GtRun> {
  const child = spawn(process.execPath, [`${root}${script}`, ...args], {
    cwd,
    // Towns of other tests run at the same time, and are not to be found from here.
    env: { ...ownEnvironment(), XDG_STATE_HOME: join(cwd, ".state"), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { code: child.exitCode ?? -1, stdout, stderr };
}

/** Ours, without what speaks to gt and git of other places. */
function ownEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined || /^(GT|GIT)_/.test(name) ? [] : [[name, value] as const],
  );
  return Object.fromEntries(entries);
}
