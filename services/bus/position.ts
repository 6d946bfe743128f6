/** The last message that a consumer has handled, in one life of one store. */
export type Position = {
  /** Tells one life of the store from the next: a wiped and recreated one has another. */
  readonly storeId: string;
  /** 0 before the first message. */
  readonly seq: number;
  /** When that message was stored, ms since the epoch; undefined where none was handled yet. */
  readonly storedAtMs: number | undefined;
};

/** What the store says of itself when a consumer attaches. */
export type StoreState = {
  readonly storeId: string;
  readonly lastSeq: number;
  /** When the message at the position's `seq` was stored; undefined if it is gone or unasked. */
  readonly storedAtMs: number | undefined;
};

/**
 * Where to go on: after the returned position.
 *
 * A store that was wiped, or that lost its tail with the power, gives old numbers to new messages.
 * Then everything it holds is new or harmless: handlers are idempotent, a gap would not be.
 */
export function resume(
  last: Position | undefined,
  from: "all" | "new",
  store: StoreState,
): Position {
  const start = (seq: number): Position => ({
    storeId: store.storeId,
    seq,
    storedAtMs: undefined,
  });
  if (!last) return start(from === "all" ? 0 : store.lastSeq);
  if (last.storeId !== store.storeId || store.lastSeq < last.seq) return start(0);
  return isOther(last.storedAtMs, store.storedAtMs) ? start(0) : last;
}

/** Two readings of one time may differ by the rounding of nanoseconds. */
function isOther(oneMs: number | undefined, otherMs: number | undefined): boolean {
  return oneMs !== undefined && otherMs !== undefined && Math.abs(oneMs - otherMs) > 1;
}
