import { decodeEvent, type LedgerEvent } from "./event.ts";

/** One segment's file: its path for messages, and its text as it stands. */
export type SegmentText = {
  readonly path: string;
  /** The folder that it is in, by whose name its writer is known. */
  readonly incarnation: string;
  readonly text: string;
};

/** What is wrong with one line of a segment. */
export type Finding = {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly kind: "bad-line" | "torn" | "gap" | "order" | "broken-chain" | "fork" | "foreign";
  readonly detail: string;
};

/** What a ledger's segments hold, and what is wrong with them. */
export type Verified = {
  readonly segments: number;
  readonly writers: number;
  readonly events: number;
  readonly findings: readonly Finding[];
};

/**
 * Check segments line by line: that each can be read, that every writer's numbers go 1, 2, 3 …,
 * and that each event names the one before it, so that an edited or a deleted line shows.
 *
 * @param segments in any order; those of one incarnation are read in the order of their names
 */
export function verifySegments(segments: readonly SegmentText[]): Verified {
  const byFolder = Map.groupBy(segments, ({ path }) => path.slice(0, path.lastIndexOf("/")));
  const findings: Finding[] = [];
  let events = 0;
  for (const files of byFolder.values()) {
    const chain = new Reading(findings);
    const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    for (const file of sorted) chain.read(file, file === sorted.at(-1));
    events += chain.events;
  }
  return { segments: segments.length, writers: byFolder.size, events, findings };
}

/** One incarnation's segments while they are read. */
class Reading {
  events = 0;
  readonly #findings: Finding[];
  readonly #hashes = new Map<number, string>();
  #highest = 0;
  /** What is missing next is no gap: it stood in a line that could not be read. */
  #isAfterBad = false;

  constructor(findings: Finding[]) {
    this.#findings = findings;
  }

  read({ path, incarnation, text }: SegmentText, isLast: boolean): void {
    const lines = text.split("\n");
    const tail = lines.pop() ?? "";
    for (const [index, line] of lines.entries()) {
      const find = (kind: Finding["kind"], detail: string) => {
        this.#findings.push({ file: path, line: index + 1, kind, detail });
      };
      try {
        this.#follow(decodeEvent(line), incarnation, find);
      } catch (error) {
        this.#isAfterBad = true;
        find("bad-line", error instanceof Error ? error.message : String(error));
      }
    }
    if (tail === "") return;
    const how = isLast ? "as a crash leaves it; the next start cuts it off" : "and others follow";
    const detail = `ends in the middle of a line of ${Buffer.byteLength(tail)} bytes, ${how}`;
    this.#findings.push({ file: path, line: lines.length + 1, kind: "torn", detail });
  }

  #follow(
    { writer, seq, prev, hash }: LedgerEvent,
    incarnation: string,
    find: (kind: Finding["kind"], detail: string) => void,
  ): void {
    this.events += 1;
    if (writer !== incarnation) find("foreign", `written by ${writer}, in ${incarnation}'s folder`);
    const held = this.#hashes.get(seq);
    if (held !== undefined) {
      if (held === hash) find("order", `${writer}:${seq} is there twice`);
      else find("fork", `another event ${writer}:${seq}`);
      return;
    }
    this.#hashes.set(seq, hash);
    if (seq <= this.#highest) find("order", `${writer}:${seq} comes after ${this.#highest}`);
    else if (!this.#isAfterBad && seq > this.#highest + 1) {
      const first = this.#highest + 1;
      const missing = seq === first + 1 ? `${first} is` : `${first} to ${seq - 1} are`;
      find("gap", `${writer}:${missing} missing before ${seq}`);
    }
    const before = this.#hashes.get(seq - 1) ?? (seq === 1 ? "" : undefined);
    if (before !== undefined && prev !== before) {
      find(
        "broken-chain",
        `${writer}:${seq} does not follow the event before it: one of them was changed`,
      );
    }
    this.#highest = Math.max(this.#highest, seq);
    this.#isAfterBad = false;
  }
}
