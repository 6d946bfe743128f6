import type { Change, Ledger } from "#services/ledger/ledger.ts";
import { TownError } from "#services/rpc/town-error.ts";

const changesMax = 4_096;

/** One change with its place among all that this process folded since the log was opened. */
export type Logged = { readonly position: number; readonly change: Change };

/** The newest changes that this process folded, for those who follow them. */
export type EventLog = {
  /** The position of the newest change; 0 before the first. */
  readonly position: () => number;
  /** The changes after a position. Throws `gap` where some of them are not kept any more. */
  readonly after: (position: number) => readonly Logged[];
  /** Resolves when there is a change after a position; rejects when the signal is raised. */
  readonly next: (position: number, signal: AbortSignal) => Promise<void>;
  /** Names a position among those of all processes: `<incarnation>:<position>`. */
  readonly token: (position: number) => string;
  /** The position that a token names. Throws `gap` where it cannot be continued from here. */
  readonly positionOf: (token: string) => number;
  readonly close: () => void;
};

/**
 * Keep the newest `max` changes of a ledger; one log per process.
 *
 * Readers hold a position, not a queue of their own: one that is slow costs nothing, and is told of
 * the gap once what it would read next is gone.
 */
export function openEventLog(ledger: Ledger, max: number = changesMax): EventLog {
  const kept: Logged[] = [];
  const waiting = new Set<() => void>();
  let newest = 0;
  const stop = ledger.onChange((change) => {
    newest += 1;
    kept.push({ position: newest, change: { ...change } }); // With the bead as it is now.
    // Cut in blocks: shifting one by one would move the whole array each time.
    if (kept.length >= max * 2) kept.splice(0, kept.length - max);
    for (const wake of waiting) wake();
  });
  const after = (position: number): readonly Logged[] => {
    const missing = newest - position;
    if (missing < 0) throw gap("it was never given out");
    if (missing > Math.min(kept.length, max)) throw gap("what came after it is not kept");
    return kept.slice(kept.length - missing);
  };
  return {
    position: () => newest,
    after,
    next: (position, signal) => waitFor(() => newest > position, waiting, signal),
    token: (position) => `${ledger.writer}:${position}`,
    positionOf: (token) => {
      const [, writer, position] = /^(.+):(\d{1,15})$/.exec(token) ?? [];
      if (writer !== ledger.writer) throw gap("it is of another process");
      after(Number(position));
      return Number(position);
    },
    close: stop,
  };
}

async function waitFor(
  isThere: () => boolean,
  waiting: Set<() => void>,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  if (isThere()) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => reject(signal.reason);
  waiting.add(resolve);
  signal.addEventListener("abort", abort, { once: true });
  try {
    await promise;
  } finally {
    waiting.delete(resolve);
    signal.removeEventListener("abort", abort);
  }
}

function gap(why: string): TownError {
  return new TownError("gap", `cannot continue after this token: ${why}; list, then watch anew`);
}
