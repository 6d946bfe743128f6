import type { Bus } from "#services/bus/bus.ts";
import { beatSubject } from "#services/bus/subjects.ts";
import { type Actor, runActor } from "#services/lifecycle/actor.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import { type Beat, encodeBeat } from "./beat.ts";

/** What a process says of itself; whoever sends the beat adds when, and how it lags. */
export type BeatBody = Omit<Beat, "atMs" | "loopLagMs" | "bodyAgeMs">;

/** A heart in want of something to say. */
export type Beating = {
  readonly everyMs: number;
  readonly body: () => BeatBody;
  readonly report: (error: unknown, actor: string) => void;
};

/** Start to beat, every so often and when rung, until the process is told to stop. */
export type StartHeart = (beating: Beating) => Actor;

/** A heart that beats in the thread that works, as far as that thread lets it. */
export function heartInThread(options: {
  readonly bus: Bus;
  readonly town: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How long what was due has waited for the thread, since this was asked last. */
  readonly loopLagMs: () => number;
}): StartHeart {
  const { bus, town, clock, signal, loopLagMs } = options;
  return ({ everyMs, body, report }) =>
    runActor({
      name: "heartbeat",
      clock,
      signal,
      report,
      everyMs,
      round: async () => {
        const said: Beat = { ...body(), atMs: clock.nowMs(), loopLagMs: loopLagMs() };
        bus.signal(beatSubject(town, said.machine), encodeBeat(said));
      },
    });
}
