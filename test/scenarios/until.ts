import { setTimeout as wait } from "node:timers/promises";
import { EventService } from "#proto/gastown/v1/event_service_pb.ts";
import { connectRpc } from "#services/rpc/client.ts";

/** Wait until `look` finds something, and hand it over. `what` is said where it never does. */
export type Until = <T>(what: string, look: () => Promise<T | undefined>) => Promise<T>;

const untilMsMax = 60_000;

/**
 * Look now, and again with each event of the town, until something is found.
 *
 * The watch begins before the first look, so that nothing which happens between them is missed.
 *
 * @throws Error after a minute, with the end of the processes' logs
 */
export async function untilSeen<T>(
  what: string,
  look: () => Promise<T | undefined>,
  { address, explain }: { readonly address: string; readonly explain: () => string },
): Promise<T> {
  const rpc = connectRpc({ address });
  const stop = new AbortController();
  const late = wait(untilMsMax, undefined, { signal: stop.signal, ref: false }).then(
    () => stop.abort(new Error(`not seen in time: ${what}\n${explain()}`)),
    () => {}, // It was seen.
  );
  try {
    const watch = rpc.client(EventService).watchEvents({}, { signal: stop.signal });
    const events = watch[Symbol.asyncIterator]();
    for (;;) {
      const next = events.next();
      next.catch(() => {}); // Thrown below, where it is waited for.
      const found = await look();
      if (found !== undefined) return found;
      await next;
    }
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    stop.abort();
    rpc.close();
    await late;
  }
}
