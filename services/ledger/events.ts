import { compareOrigins } from "./bead-state.ts";
import type { LedgerEvent } from "./event.ts";
import { EventIndex } from "./event-index.ts";
import { type Log, type LogEntry, mergeLogs, type Place, readEntry } from "./event-log.ts";
import type { StoredEvents } from "./store/stored-events.ts";

/** Every event that was folded: those of the last checkpoint in the store, later ones in memory. */
export class Events {
  readonly #stored: StoredEvents | undefined;
  /** Those that a checkpoint under way takes up, and those that come meanwhile. */
  #tails: EventIndex[] = [new EventIndex()];

  constructor(stored?: StoredEvents) {
    this.#stored = stored;
  }

  /** The caller has made sure that each event is added once. */
  add(event: LedgerEvent): void {
    this.#tails.at(-1)?.add(event);
  }

  /** How many are in memory alone. */
  tailLength(): number {
    return this.#tails.reduce((sum, tail) => sum + tail.length(), 0);
  }

  /** Every event of one bead, in the order in which replicas settle concurrent writes. */
  of(uid: string): LedgerEvent[] {
    const stored = this.#stored?.lines(uid).map((line) => readEntry({ line })) ?? [];
    const events = [...stored, ...this.#tails.flatMap((tail) => tail.of(uid))];
    return events.sort((a, b) =>
      compareOrigins({ ...a, stamp: a.clock }, { ...b, stamp: b.clock }),
    );
  }

  /** All of them as they are now; what comes later does not show in it. */
  all(): Log {
    const stored = this.#stored?.snapshot();
    const parts = [...(stored ? [stored] : []), ...this.#tails.map((tail) => tail.all())];
    const walk = (newestFirst: boolean, after?: Place) => {
      const logs = parts.map((part) => part.walk(newestFirst, after));
      return mergeLogs(logs, newestFirst);
    };
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    return { length, walk, [Symbol.iterator]: () => walk(false)[Symbol.iterator]() };
  }

  /** What a checkpoint takes up. Events that come from now on are not among it. */
  takeUp(): Iterable<LogEntry> {
    const taken = this.#tails.filter((tail) => tail.length() > 0);
    this.#tails = [...taken, new EventIndex()];
    return inOrderOfArrival(taken);
  }

  /** The checkpoint that took them up is there: the store has them from now on. */
  settle(): void {
    this.#tails = this.#tails.slice(-1);
  }
}

function* inOrderOfArrival(tails: readonly EventIndex[]): Iterable<LogEntry> {
  for (const tail of tails) yield* tail.inOrderOfArrival();
}
