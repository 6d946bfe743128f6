import { setTimeout as wait } from "node:timers/promises";
import { systemProcesses } from "#services/runtime/process-table.ts";
import { noteProcess, type ProcessMark } from "../../deploy/local/home/town-file.ts";
import { startDaemon } from "../../deploy/local/process/daemon.ts";
import type { DaemonPlan } from "../../deploy/local/process/plan.ts";
import { isAlive, killTree, send } from "../../deploy/local/process/stop.ts";

const table = systemProcesses();
/** A process that stops pushes what it has first, and gives a remote that is away its time. */
const goneMsMax = 25_000;
const pollMs = 15;

/** One process of ours, and what is done to it. */
export type Unit = {
  readonly name: string;
  readonly logPath: string;
  readonly start: () => Promise<{ readonly address: string; readonly socket: string }>;
  /** SIGTERM, and wait until it is gone. */
  readonly stop: () => Promise<void>;
  /** SIGKILL of this process alone; workers live on. */
  readonly kill: () => Promise<void>;
  /** SIGKILL of it and all below it, as a machine that loses its power. */
  readonly powerOff: () => Promise<void>;
  readonly pause: () => void;
  readonly resume: () => void;
  /** Whether it was started and nobody here ended it. */
  readonly isUp: () => boolean;
  readonly isAlive: () => Promise<boolean>;
  /** Start it where it ended by itself. */
  readonly restart: () => Promise<void>;
  readonly pid: () => number;
};

/** What became of a process by what was done to it. */
export type UnitNews = "begun" | "up" | "down" | "paused" | "resumed";

/** What each start of a process looks up anew. */
export type UnitPlan = () => DaemonPlan;

/** A process of a home that can be started again and again. */
export function openUnit(
  home: string,
  planOf: UnitPlan,
  { signal, tell }: { readonly signal: AbortSignal; readonly tell: (news: UnitNews) => void },
): Unit {
  const { name, logPath } = planOf();
  let mark: ProcessMark | undefined;
  const running = () => {
    if (mark === undefined) throw new Error(`${name} does not run`);
    return mark;
  };
  const gone = async (was: ProcessMark) => {
    const deadlineMs = performance.now() + goneMsMax;
    while (await isAlive(table, was)) {
      if (performance.now() > deadlineMs) throw new Error(`${name} does not end`);
      await wait(pollMs);
    }
    mark = undefined;
  };
  const end = async (how: NodeJS.Signals) => {
    const was = running();
    tell("down");
    send(was.pid, how);
    await gone(was);
  };
  const start: Unit["start"] = async () => {
    if (mark !== undefined && (await isAlive(table, mark))) throw new Error(`${name} runs`);
    const note = (as: string, { pid, startTime }: ProcessMark) => {
      mark = { pid, startTime };
      noteProcess(home, as, mark);
      tell("begun");
    };
    const { ready } = await startDaemon(planOf(), { table, signal, note });
    tell("up");
    return ready;
  };
  return {
    name,
    logPath,
    start,
    restart: async () => void (await start()),
    isAlive: async () => mark !== undefined && (await isAlive(table, mark)),
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    powerOff: async () => {
      const was = running();
      tell("down");
      await killTree(was, table);
      await gone(was);
    },
    pause: () => {
      tell("paused");
      send(running().pid, "SIGSTOP");
    },
    resume: () => {
      send(running().pid, "SIGCONT");
      tell("resumed");
    },
    isUp: () => mark !== undefined,
    pid: () => running().pid,
  };
}
