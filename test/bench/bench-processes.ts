import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { runGit } from "#services/git/run-git.ts";
import { projectRoot } from "../../deploy/setup/set-up.mjs";

/** A process of ours that a benchmark runs. */
export type BenchProcess = {
  readonly pid: number;
  /** What it wrote down once it served: its address or its socket. */
  readonly ready: { readonly address?: string; readonly socket?: string };
  /** From its start until it served, ms. */
  readonly readyMs: number;
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
};

const pollMs = 5;
const readyMsMax = 60_000;

/** A bare remote for a ledger or for code. */
export async function bareRepository(path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  await runGit(["init", "--quiet", "--bare", "--initial-branch=main"], { cwd: path });
  return path;
}

/** Start `town/main.ts` or `rig-agent/main.ts` with these settings, and wait until it serves. */
export async function startProcess(
  script: string,
  home: string,
  settings: Readonly<Record<string, string>>,
): Promise<BenchProcess> {
  const startMs = performance.now();
  await mkdir(home, { recursive: true });
  const readyFile = join(home, "ready.json");
  await rm(readyFile, { force: true });
  const own = { GT_HOME: home, GT_READY_FILE: readyFile, GT_LOG_LEVEL: "warn" };
  const child = spawn(process.execPath, [join(projectRoot, script)], {
    cwd: home,
    env: { PATH: process.env["PATH"] ?? "", HOME: home, ...own, ...settings },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const exited = once(child, "exit");
  while (performance.now() - startMs < readyMsMax && !isGone(child)) {
    const text = await readFile(readyFile, "utf8").catch(() => "");
    if (text !== "") {
      const ready = JSON.parse(text) as BenchProcess["ready"];
      const kill = async (signal: NodeJS.Signals) => {
        if (isGone(child)) return;
        child.kill(signal);
        await exited;
      };
      return { pid: child.pid ?? 0, ready, readyMs: performance.now() - startMs, kill };
    }
    await wait(pollMs);
  }
  child.kill("SIGKILL");
  throw new Error(`${script} does not serve`);
}

function isGone(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
