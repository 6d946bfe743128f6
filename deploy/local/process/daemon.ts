import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { TownError } from "#services/rpc/town-error.ts";
import type { ProcessTable } from "#services/runtime/process-table.ts";
import { projectRoot } from "../../setup/set-up.mjs";
import type { ProcessMark } from "../home/town-file.ts";
import { logTail } from "./log-tail.ts";
import { type DaemonPlan, daemonEnvironment, ownFolder } from "./plan.ts";

const readyMsMax = 60_000;
const pollMs = 15;

const Ready = z.object({
  pid: z.number(),
  address: z.string().default(""),
  socket: z.string().default(""),
});
/** What a process of ours says once it serves. */
export type Ready = z.infer<typeof Ready>;

/** A process of ours that serves. */
export type Daemon = ProcessMark & { readonly ready: Ready; readonly exited: Promise<void> };

/** What starting needs. */
export type StartPorts = {
  readonly table: ProcessTable;
  readonly signal: AbortSignal;
  /** Told as soon as the process exists, long before it serves. */
  readonly note: (name: string, mark: ProcessMark) => void;
};

/**
 * Start one process of ours in the background and wait until it serves. It outlives this one.
 *
 * @throws TownError `unavailable` with the end of its log where it ends instead, or does not serve
 *   in time
 */
export async function startDaemon(plan: DaemonPlan, ports: StartPorts): Promise<Daemon> {
  const { table, signal, note } = ports;
  signal.throwIfAborted();
  mkdirSync(ownFolder(plan), { recursive: true, mode: 0o700 });
  rmSync(plan.readyPath, { force: true });
  const child = spawnDetached(plan);
  const exited = exitOf(child);
  await once(child, "spawn");
  const pid = child.pid ?? 0;
  const mark = { pid, startTime: (await table.row(pid))?.startTime ?? "ended" };
  note(plan.name, mark);
  try {
    const ready = await untilReady(plan, child, signal);
    child.unref();
    return { ...mark, ready, exited };
  } catch (error) {
    child.kill("SIGTERM");
    throw error;
  }
}

function spawnDetached(plan: DaemonPlan): ChildProcess {
  const log = openSync(plan.logPath, "a", 0o600);
  try {
    return spawn(process.execPath, [...process.execArgv, join(projectRoot, plan.script)], {
      cwd: ownFolder(plan),
      env: daemonEnvironment(process.env, plan.settings),
      // A group of its own, so that Ctrl-C reaches us alone and we end things in their order.
      detached: true,
      stdio: ["ignore", log, log],
    });
  } finally {
    closeSync(log);
  }
}

async function untilReady(plan: DaemonPlan, child: ChildProcess, signal: AbortSignal) {
  const deadlineMs = performance.now() + readyMsMax;
  while (performance.now() < deadlineMs) {
    const ready = readReady(plan.readyPath);
    if (ready !== undefined && ready.pid === child.pid) return ready;
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new TownError("unavailable", `${plan.name} did not start: ${said(plan)}`);
    }
    await wait(pollMs, undefined, { signal });
  }
  const seconds = readyMsMax / 1_000;
  throw new TownError(
    "unavailable",
    `${plan.name} does not serve after ${seconds} s: ${said(plan)}`,
  );
}

function readReady(path: string): Ready | undefined {
  try {
    return Ready.safeParse(JSON.parse(readFileSync(path, "utf8"))).data;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error; // It is written whole, so a torn one is a bug.
  }
}

function said({ logPath }: DaemonPlan): string {
  return `${logTail(readFileSync(logPath, "utf8")) || "it said nothing"} (log: ${logPath})`;
}

function exitOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
}
