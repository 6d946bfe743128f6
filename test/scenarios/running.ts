import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { projectRoot } from "../../deploy/setup/set-up.mjs";
import { whoIsLeft } from "./left-behind.ts";

/** What one command said, and how it ended. */
export type Said = { readonly code: number | null; readonly out: string; readonly err: string };

/** A command that runs. */
export type Running = {
  readonly child: ChildProcess;
  readonly ended: Promise<Said>;
  /** Until it has printed, anywhere, what matches. Fails when it ends before. */
  readonly until: (pattern: RegExp) => Promise<string>;
};

/** A folder that goes with the test; whatever still runs for it is killed first. */
export async function scratchFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "gt-scenario-"));
  onTestFinished(async () => {
    for (const left of await whoIsLeft(dir)) process.kill(Number.parseInt(left, 10), "SIGKILL");
    await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });
  return dir;
}

/** Start a script of the project, as set-up does. */
export function start(
  script: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Running {
  const child = spawn(process.execPath, [join(projectRoot, script), ...args], {
    cwd: options.cwd ?? projectRoot,
    env: { ...environment(), ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { out: "", err: "" };
  const listeners = new Set<() => void>();
  const hear = (key: "out" | "err") => (text: string) => {
    said[key] += text;
    for (const listener of listeners) listener();
  };
  child.stdout.setEncoding("utf8").on("data", hear("out"));
  child.stderr.setEncoding("utf8").on("data", hear("err"));
  const ended = new Promise<Said>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, ...said }));
  });
  const until = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(said.out) ?? pattern.exec(said.err);
        if (found) resolve(found[1] ?? found[0]);
      };
      listeners.add(look);
      look();
      const over = () => reject(new Error(`it ended without ${pattern}: ${said.out}${said.err}`));
      ended.then(over, reject);
    });
  return { child, ended, until };
}

/** What a user's shell has: nothing of the test runner, and no town named. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(GIT_|VITEST|NODE_TEST)/.test(name) && (!name.startsWith("GT_") || isOurs(name)),
  );
  return { ...Object.fromEntries(kept), NO_COLOR: "1" };
}

function isOurs(name: string): boolean {
  return name === "GT_NATS_SERVER" || name === "GT_DEBUG";
}
