import { hashLine, type LedgerEvent } from "./event.ts";

/** What became of one event that arrived. */
export type Arrival =
  | { readonly kind: "next"; readonly events: readonly LedgerEvent[] }
  | { readonly kind: "known" }
  | { readonly kind: "early" }
  | { readonly kind: "forked"; readonly events: readonly LedgerEvent[] };

/** The newest event of one incarnation that was folded without a gap. */
export type Head = { readonly seq: number; readonly hash: string };

/** The hashes that a checkpoint has under a number: more than one where the writer was cloned. */
export type HashesOf = (seq: number) => readonly string[];

/** How many events may wait for one that is missing; git brings the rest. */
const earlyMax = 20_000;

/**
 * One incarnation's events as they arrive: each goes on exactly once and in order, whichever way
 * and however often it came. A second event under one number is a fork: it goes on too, and is
 * remembered in {@link forks} as an alarm.
 */
export class Chain {
  /** Of the events after the last checkpoint. */
  #hashes: string[] = [];
  /** How many events the last checkpoint has, and the hash of their last. */
  #stored: Head;
  readonly #hashesOf: HashesOf;
  /** By number, what came before its turn: two events where the writer was cloned. */
  readonly #early = new Map<number, LedgerEvent[]>();
  /** The highest number that came, though it may not have been kept. */
  #highest = 0;
  readonly #forks = new Map<number, Set<string>>();
  /** Numbers under which there is more than one event, once for each further one. */
  readonly forks: number[] = [];
  /** Events whose `prev` did not match, by seq. */
  readonly broken: number[] = [];

  /** @param hashesOf what the checkpoint has under one number */
  constructor(stored: Head = { seq: 0, hash: "" }, hashesOf: HashesOf = () => []) {
    this.#stored = stored;
    this.#hashesOf = hashesOf;
  }

  head(): Head {
    return { seq: this.#length(), hash: this.#hashes.at(-1) ?? this.#stored.hash };
  }

  /** Events that wait for one that is missing. */
  waiting(): LedgerEvent[] {
    return [...this.#early.values()].flat();
  }

  /** A checkpoint has all events up to this one. */
  settle(head: Head): void {
    this.#hashes = this.#hashes.slice(head.seq - this.#stored.seq);
    this.#stored = head;
    for (const [seq, hashes] of this.#forks) {
      // One that came while the checkpoint was made is not in it.
      for (const hash of seq <= head.seq ? this.#hashesOf(seq) : []) hashes.delete(hash);
      if (hashes.size === 0) this.#forks.delete(seq);
    }
  }

  /** The lowest number that is missing while later ones are known of, or undefined. */
  gap(): number | undefined {
    return this.#length() < this.#highest ? this.#length() + 1 : undefined;
  }

  accept(event: LedgerEvent): Arrival {
    const { seq } = event;
    if (this.#has(event)) return { kind: "known" };
    if (seq <= this.#length()) {
      this.#fork(event);
      return { kind: "forked", events: [event] };
    }
    this.#highest = Math.max(this.#highest, seq);
    if (seq > this.#length() + 1) {
      const waiting = this.#early.get(seq) ?? [];
      if (waiting.some(({ hash }) => hash === event.hash)) return { kind: "known" };
      if (this.#early.size < earlyMax) this.#early.set(seq, [...waiting, event]);
      return { kind: "early" };
    }
    const events: LedgerEvent[] = [];
    for (let next: LedgerEvent[] | undefined = [event]; next; ) {
      for (const each of next) if (!this.#has(each)) events.push(this.#follow(each));
      const head = this.#length();
      next = this.#early.get(head + 1);
      this.#early.delete(head + 1);
    }
    return { kind: "next", events };
  }

  /** Whether this very line was folded under this number. */
  has(seq: number, line: string): boolean {
    return seq <= this.#length() && this.#has({ seq, hash: hashLine(line) });
  }

  #has({ seq, hash }: Pick<LedgerEvent, "seq" | "hash">): boolean {
    if (this.#hashAt(seq) === hash || this.#forks.get(seq)?.has(hash) === true) return true;
    return seq <= this.#stored.seq && this.#hashesOf(seq).includes(hash);
  }

  #length(): number {
    return this.#stored.seq + this.#hashes.length;
  }

  /** The hash of the first event that was folded under a number. */
  #hashAt(seq: number): string | undefined {
    if (seq === this.#stored.seq) return this.#stored.hash;
    if (seq < this.#stored.seq) return this.#hashesOf(seq)[0];
    return this.#hashes[seq - 1 - this.#stored.seq];
  }

  #follow(event: LedgerEvent): LedgerEvent {
    if (event.seq <= this.#length()) return this.#fork(event);
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
    const before = seq === 1 ? "" : (this.#hashAt(seq - 1) ?? "");
    if (prev === before || this.#forks.get(seq - 1)?.has(prev)) return;
    if (seq - 1 > this.#stored.seq || !this.#hashesOf(seq - 1).includes(prev)) {
      this.broken.push(seq);
    }
  }
}
