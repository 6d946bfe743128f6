import type { Launch, Runtime, Session, SessionExit } from "#services/runtime/runtime.ts";
import type { Observation } from "../invariants/observation.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Host } from "./host.ts";
import type { Random } from "./random.ts";
import { type Crash, walkAsWorker } from "./sim-worker.ts";
import type { SimProcess, Timeline } from "./timeline.ts";
import type { Task } from "./work.ts";

/** What the workers of one host are made of. */
export type WorkersOptions = {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly host: Host;
  /** What a bead is, by its title. */
  readonly task: (title: string) => Task | undefined;
  readonly see: (seen: Observation) => void;
};

type Running = {
  readonly session: Session;
  readonly process: SimProcess;
  readonly ended: Promise<SessionExit>;
  readonly end: (exit: SessionExit) => void;
};

/** The worker processes of one host. They outlive the rig-agent that started them. */
export class SimWorkers {
  /** The rig-agent that answers now, if any. */
  endpoint: Endpoint | undefined;
  readonly #options: WorkersOptions;
  readonly #running = new Map<number, Running>();
  #lastPid = 100;

  constructor(options: WorkersOptions) {
    this.#options = options;
  }

  /** How many processes run. */
  get count(): number {
    return this.#running.size;
  }

  /** The machine has lost its power. */
  losePower(): void {
    for (const each of [...this.#running.values()]) {
      each.end({ code: undefined, signal: "power" });
    }
  }

  /** Stop every worker, as with its machine, or let them go on. */
  pause(isPaused: boolean): void {
    for (const { process } of this.#running.values()) {
      if (isPaused) process.pause();
      else process.resume();
    }
  }

  /** How one process of the rig-agent starts, finds and ends them. */
  runtime(caller: SimProcess): Runtime {
    const { timeline, random } = this.#options;
    const after = async <T>(minMs: number, maxMs: number, work: () => T): Promise<T> => {
      await timeline.wait(random.int(minMs, maxMs));
      return work();
    };
    return {
      // It may die between the start and the moment when it would have known of it.
      start: (launch) =>
        caller.call(() => {
          const session = this.#start(launch);
          return after(5, 60, () => session);
        }),
      find: async (marker) =>
        [...this.#running.values()].find(({ session }) => session.marker === marker)?.session,
      isAlive: async (session) => this.#find(session) !== undefined,
      exited: (session, signal) => caller.call(() => this.#exited(session, signal)),
      end: (session) =>
        caller.call(() => {
          const found = this.#find(session);
          if (!found) return Promise.resolve();
          return after(20, 1_500, () => found.end({ code: undefined, signal: "SIGTERM" }));
        }),
    };
  }

  #find({ pid, startTime }: Session): Running | undefined {
    const found = this.#running.get(pid);
    return found?.session.startTime === startTime ? found : undefined;
  }

  async #exited(session: Session, signal: AbortSignal): Promise<SessionExit> {
    const unknown = { code: undefined, signal: undefined };
    const found = this.#find(session);
    if (!found || signal.aborted) return unknown;
    const { promise, resolve } = Promise.withResolvers<SessionExit>();
    signal.addEventListener("abort", () => resolve(unknown), { once: true });
    void found.ended.then(resolve);
    return promise;
  }

  #start({ env, cwd }: Launch): Session {
    const { timeline, host } = this.#options;
    const marker = env["GT_SESSION"] ?? "";
    this.#lastPid += 1;
    const pid = this.#lastPid;
    const session: Session = { pid, startTime: String(timeline.elapsedMs), marker };
    const process = timeline.process(`${host.name} worker ${pid}`, host.skewMs);
    const { promise: ended, resolve } = Promise.withResolvers<SessionExit>();
    const end = (exit: SessionExit) => {
      if (!this.#running.delete(pid)) return;
      process.kill();
      this.#see(marker, "ended");
      resolve(exit);
    };
    this.#running.set(pid, { session, process, ended, end });
    this.#see(marker, "started");
    const crash: Crash = (code) => end({ code, signal: undefined });
    void this.#work(process, { marker, cwd }, crash);
    return session;
  }

  async #work(
    process: SimProcess,
    { marker, cwd }: { marker: string; cwd: string },
    crash: Crash,
  ): Promise<void> {
    const { random, host, task, see, timeline } = this.#options;
    const session = host.sessions.get(nameOf(marker));
    if (!session || marker.endsWith("#set-up")) return crash(session ? 0 : 1);
    await walkAsWorker({
      random: random.split(session.name),
      session,
      worktree: cwd,
      process,
      host,
      crash,
      task,
      endpoint: () => this.endpoint,
      see: (effect) => see({ ...effect, kind: "effect", atMs: timeline.nowMs() }),
    });
  }

  #see(marker: string, what: "started" | "ended"): void {
    const { see, host, timeline } = this.#options;
    const session = host.sessions.get(nameOf(marker));
    if (!session) return;
    const { machine, rig, agent, bead, epoch } = session;
    const where = { machine, host: host.place, rig };
    see({ kind: "worker", atMs: timeline.nowMs(), what, ...where, agent, bead, epoch });
  }
}

function nameOf(marker: string): string {
  return marker.slice(marker.lastIndexOf("/") + 1).replace(/#.*$/, "");
}
