import { compareStamps, type Stamp } from "./clock.ts";
import { type Envelope, hashLine, type LedgerEvent } from "./event.ts";

/** A place among events in the order of time. */
export type Place = {
  readonly stamp: Stamp;
  readonly writer: string;
  readonly seq: number;
  /** Tells the events of a cloned machine apart: they share a number. */
  readonly hash: string;
};

/** One event as it is kept: what it is found by, and its line. */
export type LogEntry = Place & {
  readonly actor: string;
  readonly bead: string;
  readonly op: string;
  readonly epoch: string | undefined;
  readonly line: string;
};

/** Every event at one moment; iterated, the earliest first. */
export type Log = Iterable<LogEntry> & {
  readonly length: number;
  /** From one end to the other, or from after a place. */
  readonly walk: (newestFirst: boolean, after?: Place) => Iterable<LogEntry>;
};

/** Order kept events by clock, then by writer and number; forks by their hashes. */
export function comparePlaces(a: Place, b: Place): number {
  return (
    compareStamps(a.stamp, b.stamp) ||
    order(a.writer, b.writer) ||
    a.seq - b.seq ||
    order(a.hash, b.hash)
  );
}

/** The event that a kept line holds; it was checked when it came. */
export function readEntry({ line }: Pick<LogEntry, "line">): LedgerEvent {
  return { ...(JSON.parse(line) as Envelope), hash: hashLine(line), line };
}

/** Walk several logs as one. */
export function* mergeLogs(
  parts: readonly Iterable<LogEntry>[],
  newestFirst: boolean,
): Iterable<LogEntry> {
  const sources = parts.map((part) => part[Symbol.iterator]());
  const heads = sources.map((source) => source.next());
  for (;;) {
    let best = -1;
    for (const [index, { done, value }] of heads.entries()) {
      if (done) continue;
      const held = heads[best]?.value as LogEntry | undefined;
      const isNext = !held || (comparePlaces(value, held) < 0 ? !newestFirst : newestFirst);
      if (isNext) best = index;
    }
    if (best < 0) return;
    yield heads[best]?.value as LogEntry;
    heads[best] = (sources[best] as Iterator<LogEntry>).next();
  }
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
