import { execFile, spawnSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { test } from "vitest";

const execute = promisify(execFile);
const timeoutMs = 60_000;
const outputMaxBytes = 64 * 1024 * 1024;

/** A Beads tool that may be on the PATH, and whether tests can be run with it. */
export type BeadsTool = {
  readonly name: string;
  /** Empty where it is not there, or is another program of that name. */
  readonly version: string;
  /** Why its tests are skipped; empty where they run. */
  readonly skipped: string;
};

/**
 * Look for a tool and say on standard error what was found.
 *
 * @param shown versions with which the tests were seen to hold; others are skipped, and say so
 */
export function findTool(name: string, shown: RegExp): BeadsTool {
  const { status, stdout } = spawnSync(name, ["--version"], { encoding: "utf8", timeout: 10_000 });
  const words = status === 0 ? stdout.trim() : "";
  const version = new RegExp(`^${name}\\b.*?(\\d+\\.\\d+\\.\\d+)`).exec(words)?.[1] ?? "";
  const skipped = whySkipped(name, version, shown);
  process.stderr.write(skipped === "" ? `tests with ${words}\n` : `${skipped}\n`);
  return { name, version, skipped };
}

/** Why tests with a tool are skipped; empty where they are run. */
export function whySkipped(name: string, version: string, shown: RegExp): string {
  if (version === "") return `${name} is not on the PATH: skipped`;
  return shown.test(version) ? "" : `${name} ${version} is on the PATH, but was not tried: skipped`;
}

/** A test that needs a tool: where that is not there, its name says so, and it is skipped. */
export function testWith(tool: BeadsTool, name: string, body: () => Promise<void>): void {
  if (tool.skipped === "") test(`${tool.name} ${tool.version}: ${name}`, body, timeoutMs * 3);
  else test.skip(`${name} (${tool.skipped})`, body);
}

/** Runs commands in one folder as a person of their own: none of the settings of this machine. */
export type Person = (command: string, ...args: string[]) => Promise<string>;

/** A person who works in `dir/work`, with an empty home beside it. */
export async function person(dir: string): Promise<Person> {
  const [home, cwd] = [join(dir, "home"), join(dir, "work")];
  for (const each of [home, cwd]) await mkdir(each, { recursive: true });
  const env = {
    PATH: process.env["PATH"],
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    BEADS_NO_DAEMON: "1",
    NO_COLOR: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_SYSTEM: "/dev/null",
    ...identity("AUTHOR"),
    ...identity("COMMITTER"),
  };
  return async (command, ...args) => {
    const options = { cwd, env, timeout: timeoutMs, maxBuffer: outputMaxBytes };
    const running = execute(command, args, options);
    running.child.stdin?.end(); // None of them may ask anything.
    return (await running).stdout;
  };
}

function identity(role: string): Record<string, string> {
  return { [`GIT_${role}_NAME`]: "Bea", [`GIT_${role}_EMAIL`]: "bea@body.invalid" };
}
