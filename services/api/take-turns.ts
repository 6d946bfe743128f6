import { setImmediate as nextTurn } from "node:timers/promises";

const turn = 1_000;

/**
 * The same items, with the event loop let go after every thousand, so that a walk over all beads
 * keeps nobody waiting. Ends with the call: rejects when the signal is raised.
 */
export async function* takeTurns<T>(items: Iterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  let taken = 0;
  for (const item of items) {
    taken += 1;
    if (taken % turn === 0) {
      await nextTurn();
      signal.throwIfAborted();
    }
    yield item;
  }
}
