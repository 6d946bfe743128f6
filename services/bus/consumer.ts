import { isTownError } from "../rpc/town-error.ts";
import type { MessageHandler, Subscription } from "./bus.ts";
import type { Position } from "./position.ts";
import { type RetryLimits, pause as realPause, retryDelayMs } from "./retry-delay.ts";

/** A message as the store holds it. */
export type StoredMessage = {
  readonly seq: number;
  readonly storedAtMs: number;
  readonly subject: string;
  readonly payload: Uint8Array;
};

/** The messages after a position, in order, for as long as the link lasts. */
export type Feed = {
  readonly position: Position;
  readonly messages: AsyncIterable<StoredMessage>;
};

export type ConsumerPorts = {
  readonly isUp: () => boolean;
  /** Resolves when the link is up, or `signal` raised. */
  readonly untilUp: (signal: AbortSignal) => Promise<void>;
  /** Attach to the store after the last handled message; it ends with `signal` or the link. */
  readonly open: (last: Position | undefined, signal: AbortSignal) => Promise<Feed>;
  readonly report: (error: unknown) => void;
  readonly retry: RetryLimits;
  /** Where an earlier consumer had come to. */
  readonly after: Position | undefined;
  /** How a pause passes; in real time by default. */
  readonly pause?: ((durationMs: number, signal: AbortSignal) => Promise<void>) | undefined;
  /** 0 to 1, to spread retries; the real thing by default. */
  readonly random?: (() => number) | undefined;
};

/**
 * Handle stored messages until stopped, over any number of links. Resolves when the first attach
 * has succeeded, or need not be waited for; throws `denied` or `invalid` if it never can.
 *
 * @param closed raised when the bus closes
 */
export async function startConsumer(
  ports: ConsumerPorts,
  handle: MessageHandler,
  closed: AbortSignal,
): Promise<Subscription> {
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  if (closed.aborted) stop();
  closed.addEventListener("abort", stop, { signal: stopped.signal });
  const first = Promise.withResolvers<void>();
  const opened = (error?: unknown) => {
    if (isTownError(error, "denied", "invalid")) first.reject(error);
    else first.resolve();
  };
  if (!ports.isUp()) opened();
  stopped.signal.addEventListener("abort", () => opened(), { once: true });
  run(ports, handle, opened, stopped.signal).catch(ports.report);
  try {
    await first.promise;
  } catch (error) {
    stop();
    throw error;
  }
  return { stop };
}

async function run(
  ports: ConsumerPorts,
  handle: MessageHandler,
  opened: (error?: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  let last = ports.after;
  let failures = 0;
  const { pause = realPause, random = Math.random } = ports;
  while (!signal.aborted) {
    await ports.untilUp(signal);
    if (signal.aborted) return;
    try {
      const feed = await ports.open(last, signal);
      last = feed.position;
      opened();
      for await (const message of feed.messages) {
        const position: Position = { ...last, seq: message.seq, storedAtMs: message.storedAtMs };
        if (!(await handleOne(ports, { ...message, position }, handle, signal))) return;
        last = position;
        failures = 0;
      }
    } catch (error) {
      opened(error);
      // A lost link is told by `onLink`; what fails on a good one would otherwise go unseen.
      if (ports.isUp() && !signal.aborted) ports.report(error);
    }
    failures += 1;
    await pause(retryDelayMs(failures, ports.retry, random()), signal);
  }
}

/** Show the message until it is handled; false if stopped before that. */
async function handleOne(
  ports: ConsumerPorts,
  { subject, payload, position }: StoredMessage & { readonly position: Position },
  handle: MessageHandler,
  signal: AbortSignal,
): Promise<boolean> {
  const { pause = realPause, random = Math.random } = ports;
  for (let deliveryCount = 1; !signal.aborted; deliveryCount++) {
    try {
      await handle({ subject, payload, deliveryCount, position });
      return true;
    } catch (error) {
      ports.report(error);
    }
    await pause(retryDelayMs(deliveryCount, ports.retry, random()), signal);
  }
  return false;
}
