import type { Clock } from "./clock.ts";
import { Wake } from "./wake.ts";

/** A loop with a name: it gathers, decides, acts, then waits on its signal. */
export type Actor = {
  readonly name: string;
  /** Run a round soon. */
  readonly ring: () => void;
  /** Resolves when the loop has ended: after the signal was raised and its round was over. */
  readonly ended: Promise<void>;
};

/** What a loop needs. */
export type ActorOptions = {
  readonly name: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The longest time between two rounds. */
  readonly everyMs: number;
  /** How long it rests between two rounds that are rung for; as its clock says, if absent. */
  readonly restMs?: number;
  /** One round. A failure is reported, and the next round comes all the same. */
  readonly round: (signal: AbortSignal) => Promise<void>;
  readonly report: (error: unknown, actor: string) => void;
};

/** Run rounds until the signal is raised. After a failure the next round waits a little longer. */
export function runActor(options: ActorOptions): Actor {
  const { name, clock, signal, everyMs, restMs = clock.restMs ?? 0, round, report } = options;
  const wake = new Wake();
  const pause = new Wake();
  const run = async () => {
    let failures = 0;
    while (!signal.aborted) {
      try {
        await round(signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) break;
        failures += 1;
        report(error, name);
        await pause.wait(clock, retryDelayMs(failures), signal);
        continue;
      }
      if (restMs > 0) await pause.wait(clock, restMs, signal);
      await wake.wait(clock, everyMs, signal);
    }
  };
  return { name, ring: wake.ring, ended: run() };
}

/** 100 ms, doubled with each failure in a row, at most 5 s. */
export function retryDelayMs(failures: number): number {
  return Math.min(5_000, 100 * 2 ** (failures - 1));
}
