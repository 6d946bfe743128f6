import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Bus } from "#services/bus/bus.ts";
import { beatSubject } from "#services/bus/subjects.ts";
import { type Actor, runActor } from "#services/lifecycle/actor.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import { type Beat, encodeBeat } from "./beat.ts";

/** Beat every `everyMs`, and when rung. Each beat says how far the process's event loop lags. */
export function runHeartbeat(options: {
  readonly bus: Bus;
  readonly town: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly everyMs: number;
  readonly beat: () => Omit<Beat, "atMs" | "loopLagMs">;
  readonly report: (error: unknown, actor: string) => void;
}): Actor {
  const { bus, town, clock, signal, everyMs, beat, report } = options;
  const lag = monitorEventLoopDelay();
  lag.enable();
  signal.addEventListener("abort", () => lag.disable(), { once: true });
  return runActor({
    name: "heartbeat",
    clock,
    signal,
    report,
    everyMs,
    round: async () => {
      const loopLagMs = Math.round(lag.percentile(99) / 1e6);
      lag.reset();
      const said: Beat = { ...beat(), atMs: clock.nowMs(), loopLagMs };
      bus.signal(beatSubject(town, said.machine), encodeBeat(said));
    },
  });
}
