import { hashLine, type LedgerEvent } from "./event.ts";

/** What became of one event that arrived. */
export type Arrival =
  | { readonly kind: "next"; readonly events: readonly LedgerEvent[] }
  | { readonly kind: "known" }
  | { readonly kind: "early" }
  | { readonly kind: "forked"; readonly events: readonly LedgerEvent[] };

/** The newest event of one incarnation that was folded without a gap. */
export type Head = { readonly seq: number; readonly hash: string };

/** How many events may wait for one that is missing; git brings the rest. */
const earlyMax = 20_000;

/**
 * One incarnation's events as they arrive: each goes on exactly once and in order, whichever way
 * and however often it came. A second event under one number is a fork: it goes on too, and is
 * remembered in {@link forks} as an alarm.
 */
export class Chain {
  readonly #hashes: string[] = [];
  /** By number, what came before its turn: two events where the writer was cloned. */
  readonly #early = new Map<number, LedgerEvent[]>();
  readonly #forks = new Map<number, Set<string>>();
  /** Numbers under which there is more than one event, once for each further one. */
  readonly forks: number[] = [];
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
    const { seq } = event;
    if (this.#has(event)) return { kind: "known" };
    if (seq <= this.#hashes.length) {
      this.#fork(event);
      return { kind: "forked", events: [event] };
    }
    if (seq > this.#hashes.length + 1) {
      const waiting = this.#early.get(seq) ?? [];
      if (waiting.some(({ hash }) => hash === event.hash)) return { kind: "known" };
      if (this.#early.size < earlyMax) this.#early.set(seq, [...waiting, event]);
      return { kind: "early" };
    }
    const events: LedgerEvent[] = [];
    for (let next: LedgerEvent[] | undefined = [event]; next; ) {
      for (const each of next) if (!this.#has(each)) events.push(this.#follow(each));
      const head = this.#hashes.length;
      next = this.#early.get(head + 1);
      this.#early.delete(head + 1);
    }
    return { kind: "next", events };
  }

  /** Whether this very line was folded under this number. */
  has(seq: number, line: string): boolean {
    return seq <= this.#hashes.length && this.#has({ seq, hash: hashLine(line) });
  }

  #has({ seq, hash }: Pick<LedgerEvent, "seq" | "hash">): boolean {
    return this.#hashes[seq - 1] === hash || this.#forks.get(seq)?.has(hash) === true;
  }

  #follow(event: LedgerEvent): LedgerEvent {
    if (event.seq <= this.#hashes.length) return this.#fork(event);
    this.#checkLink(event);
    this.#hashes.push(event.hash);
    return event;
  }

  #fork(event: LedgerEvent): LedgerEvent {
    const { seq, hash } = event;
    this.#checkLink(event);
    this.#forks.set(seq, (this.#forks.get(seq) ?? new Set()).add(hash));
    this.forks.push(seq);
    return event;
  }

  #checkLink({ seq, prev }: LedgerEvent): void {
    const before = this.#hashes[seq - 2] ?? "";
    if (prev !== before && !this.#forks.get(seq - 1)?.has(prev)) this.broken.push(seq);
  }
}
