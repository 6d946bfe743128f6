import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock } from "#services/lifecycle/clock.ts";
import { pause } from "#services/lifecycle/pause.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { type ProcessTable, systemProcesses } from "./process-table.ts";
import { findRoot, listMembers, markerVariable } from "./process-tree.ts";
import type { Launch, Runtime, Session, SessionExit } from "./runtime.ts";

/** What the process adapter is made of; times have defaults. */
export type ProcessAdapterOptions = {
  readonly clock: Clock;
  readonly table?: ProcessTable;
  /** How long a session may take to end by itself once asked. */
  readonly graceMs?: number;
  /** How often a session that another process of ours had started is looked at. */
  readonly pollMs?: number;
};

type Adapter = {
  readonly clock: Clock;
  readonly table: ProcessTable;
  readonly graceMs: number;
  readonly pollMs: number;
  readonly children: Map<string, Promise<SessionExit>>;
};

const killRoundsMax = 20;
const killRoundMs = 100;
const endPollMs = 50;

/**
 * Workers as headless processes: own session and group, output to a file, nothing on stdin. They
 * outlive this process and are known again by pid, start time and marker.
 */
export function processAdapter(options: ProcessAdapterOptions): Runtime {
  const { clock, table = systemProcesses(), graceMs = 5_000, pollMs = 1_000 } = options;
  const adapter: Adapter = { clock, table, graceMs, pollMs, children: new Map() };
  return {
    start: (launch) => start(adapter, launch),
    find: async (marker) => {
      const root = await findRoot(marker, table);
      return root && { pid: root.pid, startTime: root.startTime, marker };
    },
    isAlive: (session) => isAlive(adapter, session),
    exited: (session, signal) => exited(adapter, session, signal),
    end: (session) => end(adapter, session),
  };
}

async function start(adapter: Adapter, launch: Launch): Promise<Session> {
  const [program, ...args] = launch.argv;
  if (program === undefined) throw new TownError("invalid", "there is no program to start");
  await mkdir(dirname(launch.outputPath), { recursive: true });
  const output = await open(launch.outputPath, "a", 0o600);
  const child = spawn(program, args, {
    cwd: launch.cwd,
    env: launch.env,
    detached: true,
    stdio: ["ignore", output.fd, output.fd],
  });
  const ended = exitOf(child);
  await begun(child, `${program} (in ${launch.cwd})`).finally(() => output.close());
  child.unref();
  const pid = child.pid as number; // It has one once it has begun.
  const row = await adapter.table.row(pid);
  const session: Session = {
    pid,
    // One that ended before we could look has none, and is never taken for alive.
    startTime: row?.startTime ?? "ended",
    marker: launch.env[markerVariable] ?? "",
  };
  const name = nameOf(session);
  adapter.children.set(name, ended);
  void ended.then(() => adapter.clock.after(60_000, () => adapter.children.delete(name)));
  return session;
}

function begun(child: ChildProcess, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (cause) => {
      reject(new TownError("invalid", `cannot start ${what}: ${cause.message}`, { cause }));
    });
  });
}

function exitOf(child: ChildProcess): Promise<SessionExit> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => {
      resolve({ code: code ?? undefined, signal: signal ?? undefined });
    });
  });
}

async function isAlive({ table }: Adapter, session: Session): Promise<boolean> {
  const row = await table.row(session.pid);
  return row !== undefined && !row.dead && row.startTime === session.startTime;
}

async function exited(
  adapter: Adapter,
  session: Session,
  signal: AbortSignal,
): Promise<SessionExit> {
  const child = adapter.children.get(nameOf(session));
  if (child !== undefined) return Promise.race([child, aborted(signal)]);
  while (!signal.aborted && (await isAlive(adapter, session))) {
    await pause(adapter.clock, adapter.pollMs, signal);
  }
  return { code: undefined, signal: undefined };
}

function aborted(signal: AbortSignal): Promise<SessionExit> {
  return new Promise((resolve) => {
    const stop = () => resolve({ code: undefined, signal: undefined });
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

async function end(adapter: Adapter, session: Session): Promise<void> {
  const { clock, table, graceMs } = adapter;
  const members = await listMembers(session, table);
  if (members.length === 0) return;
  for (const { pid } of members) {
    send(pid, "SIGTERM");
    send(pid, "SIGCONT"); // A stopped process would hear of nothing.
  }
  const deadlineMs = clock.nowMs() + graceMs;
  while (clock.nowMs() < deadlineMs) {
    if ((await listMembers(session, table)).length === 0) return;
    await pause(clock, endPollMs);
  }
  // Again and again, since one that forks faster than it is listed leaves children behind.
  for (let round = 0; round < killRoundsMax; round += 1) {
    const left = await listMembers(session, table);
    if (left.length === 0) return;
    for (const { pid } of left) send(pid, "SIGKILL");
    await pause(clock, killRoundMs);
  }
  const pids = (await listMembers(session, table)).map(({ pid }) => pid);
  if (pids.length === 0) return;
  throw new TownError("unavailable", `these processes outlived SIGKILL: ${pids.join(", ")}`);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // ESRCH: already gone.
  }
}

function nameOf({ pid, startTime }: Session): string {
  return `${pid} ${startTime}`;
}
