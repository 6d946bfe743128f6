import type { LedgerEvent } from "./event.ts";

/** What became of one event that arrived. */
export type Arrival =
  | { readonly kind: "next"; readonly events: readonly LedgerEvent[] }
  | { readonly kind: "known" }
  | { readonly kind: "early" }
  | { readonly kind: "forked"; readonly event: LedgerEvent };

/** The newest event of one incarnation that was folded without a gap. */
export type Head = { readonly seq: number; readonly hash: string };

/** How many events may wait for one that is missing; git brings the rest. */
const earlyMax = 20_000;

/**
 * One incarnation's events as they arrive: each goes on exactly once and in order, whichever way
 * and however often it came. A second event under one number is a fork: it goes on too, as an
 * alarm.
 */
export class Chain {
  readonly #hashes: string[] = [];
  readonly #early = new Map<number, LedgerEvent>();
  readonly #forks = new Set<string>();
  /** Events whose `prev` did not match, by seq. */
  readonly broken: number[] = [];

  head(): Head {
    const seq = this.#hashes.length;
    return { seq, hash: this.#hashes[seq - 1] ?? "" };
  }

  /** The lowest number that is missing while later ones wait, or undefined. */
  gap(): number | undefined {
    return this.#early.size > 0 ? this.#hashes.length + 1 : undefined;
  }

  accept(event: LedgerEvent): Arrival {
    const { seq, hash } = event;
    const held = this.#hashes[seq - 1];
    if (held !== undefined) {
      if (held === hash || this.#forks.has(hash)) return { kind: "known" };
      this.#forks.add(hash);
      return { kind: "forked", event };
    }
    if (seq > this.#hashes.length + 1) {
      if (this.#early.get(seq)?.hash === hash) return { kind: "known" };
      if (this.#early.size < earlyMax) this.#early.set(seq, event);
      return { kind: "early" };
    }
    const events: LedgerEvent[] = [];
    for (let next: LedgerEvent | undefined = event; next; ) {
      if (next.prev !== (this.#hashes[next.seq - 2] ?? "")) this.broken.push(next.seq);
      this.#hashes.push(next.hash);
      this.#early.delete(next.seq);
      events.push(next);
      next = this.#early.get(next.seq + 1);
    }
    return { kind: "next", events };
  }
}
