/** One thing to come. */
export type Timer = { readonly atMs: number; readonly call: () => void };

type Entry = { readonly atMs: number; readonly order: number; call: (() => void) | undefined };

/** Timers by when they fall due; those of one moment in the order in which they were set. */
export class TimerHeap {
  readonly #entries: Entry[] = [];
  #order = 0;
  #cancelled = 0;

  /** Add one; the returned function calls it off. */
  add(atMs: number, call: () => void): () => void {
    const entry: Entry = { atMs, order: this.#order, call };
    this.#order += 1;
    this.#entries.push(entry);
    this.#rise(this.#entries.length - 1);
    return () => {
      if (entry.call === undefined) return;
      entry.call = undefined; // It stays in its place until its time comes: that is cheaper.
      this.#cancelled += 1;
    };
  }

  /** Take out the next one, unless it falls due after `untilMs`. */
  take(untilMs: number): Timer | undefined {
    for (;;) {
      const [first] = this.#entries;
      if (!first || (first.call !== undefined && first.atMs > untilMs)) return undefined;
      this.#removeFirst();
      const { atMs, call } = first;
      if (call === undefined) {
        this.#cancelled -= 1;
        continue;
      }
      first.call = undefined;
      return { atMs, call };
    }
  }

  isEmpty(): boolean {
    return this.#entries.length === this.#cancelled;
  }

  #removeFirst(): void {
    const last = this.#entries.pop();
    if (last === undefined || this.#entries.length === 0) return;
    this.#entries[0] = last;
    this.#sink();
  }

  #rise(from: number): void {
    const entries = this.#entries;
    const entry = entries[from] as Entry;
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const other = entries[above] as Entry;
      if (!isBefore(entry, other)) break;
      entries[at] = other;
      at = above;
    }
    entries[at] = entry;
  }

  #sink(): void {
    const entries = this.#entries;
    const entry = entries[0] as Entry;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= entries.length) break;
      const right = below + 1;
      if (right < entries.length && isBefore(entries[right] as Entry, entries[below] as Entry)) {
        below = right;
      }
      const other = entries[below] as Entry;
      if (!isBefore(other, entry)) break;
      entries[at] = other;
      at = below;
    }
    entries[at] = entry;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
