import { compareOrigins } from "./bead-state.ts";
import type { LedgerEvent } from "./event.ts";
import { comparePlaces, type Log, type LogEntry, type Place, readEntry } from "./event-log.ts";
import { LineStore } from "./line-store.ts";

/** A row's names, as numbers; `before` is the bead's previous row plus one, or 0. */
const columns = ["writer", "actor", "bead", "op", "epoch", "before"] as const;
type Column = (typeof columns)[number];

/** SHA-256. */
const hashBytes = 32;

/**
 * Events that were folded since the last checkpoint, or ever where there is none: by bead and by
 * time.
 *
 * Keeps what events are found by as numbers, and their lines as bytes, both outside of the heap:
 * 88 bytes an event beside its line, and about 100 on the heap for each bead. What is asked for is
 * read and parsed anew.
 */
export class EventIndex {
  readonly #lines = new LineStore();
  readonly #ids = new Map<string, number>();
  readonly #names: string[] = [];
  /** The newest row of a bead plus one, by the number of its name. */
  readonly #newest: number[] = [];
  /** ms, count and seq of each row. */
  #numbers = new Float64Array(3 * 64);
  #rows = new Uint32Array(columns.length * 64);
  #hashes = Buffer.alloc(hashBytes * 64);
  /** Rows in the order of time; undefined while they came in that order. */
  #order: Uint32Array | undefined;
  #ordered = 0;

  /** The caller has made sure that each event is added once. */
  add(event: LedgerEvent): void {
    const row = this.#lines.length;
    if (row * 3 === this.#numbers.length) this.#grow();
    const { clock, seq, bead: uid, writer, actor, op, epoch = "" } = event;
    const bead = this.#id(uid);
    const number = row * 3;
    this.#numbers[number] = clock[0];
    this.#numbers[number + 1] = clock[1];
    this.#numbers[number + 2] = seq;
    // One by one, in the order of the columns: this is done for every event.
    let cell = row * columns.length;
    this.#rows[cell++] = this.#id(writer);
    this.#rows[cell++] = this.#id(actor);
    this.#rows[cell++] = bead;
    this.#rows[cell++] = this.#id(op);
    this.#rows[cell++] = this.#id(epoch);
    this.#rows[cell] = this.#newest[bead] ?? 0;
    this.#newest[bead] = row + 1;
    this.#hashes.write(event.hash, row * hashBytes, "base64url");
    this.#lines.push(event.line);
  }

  /** Every event of one bead, in the order in which replicas settle concurrent writes. */
  of(uid: string): LedgerEvent[] {
    const events: LedgerEvent[] = [];
    const id = this.#ids.get(uid);
    let next = id === undefined ? 0 : (this.#newest[id] ?? 0);
    while (next > 0) {
      events.push(readEntry({ line: this.#lines.at(next - 1) }));
      next = this.#cell(next - 1, "before");
    }
    return events.sort((a, b) =>
      compareOrigins({ ...a, stamp: a.clock }, { ...b, stamp: b.clock }),
    );
  }

  /** How many there are. */
  length(): number {
    return this.#lines.length;
  }

  *inOrderOfArrival(): Iterable<LogEntry> {
    for (let row = 0; row < this.#lines.length; row += 1) yield this.#entry(row);
  }

  /** All of them as they are now; what comes later does not show in it. */
  all(): Log {
    this.#sort();
    const order = this.#order;
    const length = this.#lines.length;
    const at = (index: number) => this.#entry(order ? (order[index] ?? 0) : index);
    function* walk(newestFirst: boolean, after?: Place): Iterable<LogEntry> {
      const step = newestFirst ? -1 : 1;
      let index = newestFirst ? length - 1 : 0;
      if (after) index = placeOf(at, length, after, step);
      for (; index >= 0 && index < length; index += step) yield at(index);
    }
    return { length, walk, [Symbol.iterator]: () => walk(false)[Symbol.iterator]() };
  }

  /** Arrivals are nearly in order: those since the last time are looked at first. */
  #sort(): void {
    const length = this.#lines.length;
    if (this.#ordered === length) return;
    const rows = new Uint32Array(length);
    if (this.#order) rows.set(this.#order);
    for (let row = this.#order?.length ?? 0; row < length; row += 1) rows[row] = row;
    let isSorted = true;
    for (let at = Math.max(1, this.#ordered); isSorted && at < length; at += 1) {
      isSorted = this.#compare(rows[at - 1] ?? 0, rows[at] ?? 0) <= 0;
    }
    if (!isSorted) rows.sort((a, b) => this.#compare(a, b));
    if (this.#order || !isSorted) this.#order = rows;
    this.#ordered = length;
  }

  #compare(a: number, b: number): number {
    const numbers = this.#numbers;
    const byMs = (numbers[a * 3] ?? 0) - (numbers[b * 3] ?? 0);
    return byMs || comparePlaces(this.#entry(a), this.#entry(b));
  }

  #entry(row: number): LogEntry {
    const name = (column: Column) => this.#names[this.#cell(row, column)] ?? "";
    const [lines, hashes] = [this.#lines, this.#hashes];
    return {
      stamp: [this.#numbers[row * 3] ?? 0, this.#numbers[row * 3 + 1] ?? 0],
      seq: this.#numbers[row * 3 + 2] ?? 0,
      writer: name("writer"),
      actor: name("actor"),
      bead: name("bead"),
      op: name("op"),
      epoch: name("epoch") || undefined,
      get hash() {
        return hashes.toString("base64url", row * hashBytes, (row + 1) * hashBytes);
      },
      get line() {
        return lines.at(row);
      },
    };
  }

  #cell(row: number, column: Column): number {
    return this.#rows[row * columns.length + columns.indexOf(column)] ?? 0;
  }

  #id(name: string): number {
    const held = this.#ids.get(name);
    if (held !== undefined) return held;
    this.#ids.set(name, this.#names.length);
    return this.#names.push(name) - 1;
  }

  #grow(): void {
    const [numbers, rows] = [this.#numbers, this.#rows];
    this.#numbers = new Float64Array(numbers.length * 2);
    this.#numbers.set(numbers);
    this.#rows = new Uint32Array(rows.length * 2);
    this.#rows.set(rows);
    const hashes = this.#hashes;
    this.#hashes = Buffer.alloc(hashes.length * 2);
    this.#hashes.set(hashes);
  }
}

/** Where a walk goes on after a place: the first entry beyond it. */
function placeOf(
  at: (index: number) => LogEntry,
  length: number,
  place: Place,
  step: 1 | -1,
): number {
  let low = 0;
  for (let high = length; low < high; ) {
    const middle = (low + high) >> 1;
    const order = comparePlaces(at(middle), place);
    if (order < 0 || (order === 0 && step > 0)) low = middle + 1;
    else high = middle;
  }
  return step > 0 ? low : low - 1;
}
