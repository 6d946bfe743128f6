import { Worker } from "node:worker_threads";
import type { Bus } from "#services/bus/bus.ts";
import type { Actor } from "#services/lifecycle/actor.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import { type Beating, heartInThread, type StartHeart } from "./heartbeat.ts";
import { watchLoopLag } from "./loop-lag.ts";
import type { PulseAnswer } from "./pulse.ts";

/** What the heart's thread is started with. */
export type HeartSettings = {
  readonly natsUrl: string;
  readonly town: string;
  /** Whose heart it is, for the server's list of connections. */
  readonly name: string;
  readonly everyMs: number;
};

/** What the thread that works tells its heart. */
export type ToHeart = PulseAnswer | "ring" | "stop";

/** What a process's heart is made of. */
export type HeartOptions = {
  /** Undefined or empty where the town has no NATS. */
  readonly natsUrl: string | undefined;
  readonly bus: Bus;
  readonly town: string;
  readonly name: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/**
 * The heart of a real process: it beats in a thread and on a connection of its own, so that work
 * which blocks the event loop is seen as work and not as death. It ends with the process, whatever
 * way that goes. Without NATS there is nobody to hear it, and it beats in the thread that works.
 */
export function openHeart(options: HeartOptions): StartHeart {
  const { natsUrl, bus, signal } = options;
  const loopLagMs = watchLoopLag(signal);
  const plain = heartInThread({ ...options, loopLagMs });
  if (natsUrl === undefined || natsUrl === "" || bus.kind !== "nats") return plain;
  return (beating) => threadedHeart({ ...options, natsUrl, loopLagMs, plain }, beating);
}

type Parts = HeartOptions & {
  readonly natsUrl: string;
  readonly loopLagMs: () => number;
  /** What beats instead where the thread cannot. */
  readonly plain: StartHeart;
};

const file = new URL("./heart-thread.ts", import.meta.url);

function threadedHeart(parts: Parts, beating: Beating): Actor {
  const { natsUrl, town, name, signal, loopLagMs, plain } = parts;
  const { everyMs, body, report } = beating;
  const settings: HeartSettings = { natsUrl, town, name, everyMs };
  const worker = new Worker(file, { workerData: settings, name: "heart" });
  // Whether the process goes on is for those who work to say.
  worker.unref();
  const tell = (message: ToHeart) => worker.postMessage(message);
  const answer = () => {
    try {
      tell({ body: body(), loopLagMs: loopLagMs() });
    } catch (error) {
      // Unanswered, the heart goes on with what it has, and tells how old that is.
      report(error, "heartbeat");
    }
  };
  worker.on("message", answer);
  const ended = Promise.withResolvers<void>();
  const stop = () => {
    tell("stop");
    ended.resolve();
  };
  let instead: Actor | undefined;
  worker.once("error", (error) => {
    if (signal.aborted) return;
    report(error, "heartbeat");
    signal.removeEventListener("abort", stop);
    instead = plain(beating);
    instead.ended.then(ended.resolve, ended.reject);
  });
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  return {
    name: "heartbeat",
    ring: () => (instead ? instead.ring() : tell("ring")),
    ended: ended.promise,
  };
}
