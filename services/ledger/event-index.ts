import { compareOrigins } from "./bead-state.ts";
import { compareStamps, type Stamp } from "./clock.ts";
import { type Envelope, hashLine, type LedgerEvent } from "./event.ts";

/** One event as it is kept: what it is found by, and its line. */
export type LogEntry = {
  readonly stamp: Stamp;
  readonly writer: string;
  readonly seq: number;
  readonly actor: string;
  readonly bead: string;
  readonly op: string;
  readonly epoch: string | undefined;
  readonly line: string;
};

/**
 * Every event that was folded, by bead and by time.
 *
 * Keeps each event's line and not its parsed values: about 150 bytes beside the line itself, some
 * 60 MB for 100,000 events of 450 bytes. What is asked for is parsed anew.
 */
export class EventIndex {
  readonly #byBead = new Map<string, LogEntry[]>();
  readonly #names = new Map<string, string>();
  #all: LogEntry[] = [];
  #sorted = true;

  /** The caller has made sure that each event is added once. */
  add(event: LedgerEvent): void {
    const entry: LogEntry = {
      stamp: event.clock,
      writer: this.#shared(event.writer),
      seq: event.seq,
      actor: this.#shared(event.actor),
      bead: this.#shared(event.bead),
      op: this.#shared(event.op),
      epoch: event.epoch,
      line: event.line,
    };
    const last = this.#all.at(-1);
    if (last && compareEntries(last, entry) > 0) this.#sorted = false;
    this.#all.push(entry);
    const held = this.#byBead.get(entry.bead);
    if (held) held.push(entry);
    else this.#byBead.set(entry.bead, [entry]);
  }

  /** Every event of one bead, in the order in which replicas settle concurrent writes. */
  of(uid: string): LedgerEvent[] {
    const events = (this.#byBead.get(uid) ?? []).map(readEntry);
    return events.sort((a, b) =>
      compareOrigins({ ...a, stamp: a.clock }, { ...b, stamp: b.clock }),
    );
  }

  /** All of them, the earliest first. What is in the array stays in place; later ones join it. */
  all(): readonly LogEntry[] {
    if (!this.#sorted) {
      // Arrivals are nearly in order, which sorts in about one pass.
      this.#all = [...this.#all].sort(compareEntries);
      this.#sorted = true;
    }
    return this.#all;
  }

  /** Names recur in every event: one copy of each is enough. */
  #shared(name: string): string {
    const held = this.#names.get(name);
    if (held !== undefined) return held;
    this.#names.set(name, name);
    return name;
  }
}

/** Order kept events by clock, then by writer and number; forks by their lines. */
export function compareEntries(
  a: Pick<LogEntry, "stamp" | "writer" | "seq" | "line">,
  b: Pick<LogEntry, "stamp" | "writer" | "seq" | "line">,
): number {
  return (
    compareStamps(a.stamp, b.stamp) ||
    order(a.writer, b.writer) ||
    a.seq - b.seq ||
    order(a.line, b.line)
  );
}

/** The event that a kept line holds; it was checked when it came. */
export function readEntry({ line }: Pick<LogEntry, "line">): LedgerEvent {
  return { ...(JSON.parse(line) as Envelope), hash: hashLine(line), line };
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
