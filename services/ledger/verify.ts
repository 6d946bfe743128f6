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
  /** The last of several lines in a row with which the same is wrong. */
  readonly to?: number;
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
 * @param segments in any order; those of one incarnation are read in the order of their names, and
 *   of those of one name the first is what the others are compared with
 */
export function verifySegments(segments: readonly SegmentText[]): Verified {
  const byWriter = Map.groupBy(segments, ({ incarnation }) => incarnation);
  const findings: Finding[] = [];
  let events = 0;
  for (const files of byWriter.values()) {
    const chain = new Reading(findings);
    const sorted = files.toSorted((a, b) => compareNames(nameOf(a), nameOf(b)));
    const last = sorted.at(-1);
    for (const [at, file] of sorted.entries()) {
      const before = sorted[at - 1];
      const isCopy = before !== undefined && nameOf(before) === nameOf(file);
      chain.read(file, { isCopy, isLast: last !== undefined && nameOf(last) === nameOf(file) });
    }
    events += chain.events;
  }
  return { segments: segments.length, writers: byWriter.size, events, findings };
}

function nameOf({ path }: SegmentText): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** What is wrong with a line that cannot be read. */
export function badLine(line: string, error: unknown): string {
  if (/^(<{7}|={7}|>{7}|\|{7})( |\r?$)/.test(line)) {
    return "a conflict marker: somebody merged this file by hand; keep the lines of both sides";
  }
  return error instanceof Error ? error.message : String(error);
}

type Place = {
  /** Another version of the segment was read just before. */
  readonly isCopy: boolean;
  readonly isLast: boolean;
};
type Find = (kind: Finding["kind"], detail: string) => void;

/** One incarnation's segments while they are read. */
class Reading {
  events = 0;
  readonly #findings: Finding[];
  readonly #hashes = new Map<number, Set<string>>();
  #highest = 0;
  /** What is missing next is no gap: it stood in a line that could not be read. */
  #isAfterBad = false;

  constructor(findings: Finding[]) {
    this.#findings = findings;
  }

  read({ path, incarnation, text }: SegmentText, { isCopy, isLast }: Place): void {
    const lines = text.split("\n");
    const tail = lines.pop() ?? "";
    for (const [index, line] of lines.entries()) {
      const find: Find = (kind, detail) =>
        this.#find({ file: path, line: index + 1, kind, detail });
      try {
        this.#follow(decodeEvent(line), { incarnation, isCopy }, find);
      } catch (error) {
        this.#isAfterBad = true;
        find("bad-line", badLine(line, error));
      }
    }
    if (tail === "") return;
    const how = isLast ? "as a crash leaves it; the next start cuts it off" : "and others follow";
    const detail = `ends in the middle of a line of ${Buffer.byteLength(tail)} bytes, ${how}`;
    this.#findings.push({ file: path, line: lines.length + 1, kind: "torn", detail });
  }

  /** A whole segment of a later version is one finding, not a thousand. */
  #find(finding: Finding): void {
    const last = this.#findings.at(-1);
    const isSame = last?.file === finding.file && last.detail === finding.detail;
    if (last && isSame && (last.to ?? last.line) + 1 === finding.line) {
      this.#findings.splice(-1, 1, { ...last, to: finding.line });
    } else this.#findings.push(finding);
  }

  #follow(
    { writer, seq, prev, hash }: LedgerEvent,
    { incarnation, isCopy }: { readonly incarnation: string; readonly isCopy: boolean },
    find: Find,
  ): void {
    const held = this.#hashes.get(seq) ?? new Set();
    if (held.has(hash)) {
      if (!isCopy) find("order", `${writer}:${seq} is there twice`);
      return;
    }
    this.events += 1;
    if (writer !== incarnation) find("foreign", `written by ${writer}, in ${incarnation}'s folder`);
    this.#hashes.set(seq, held.add(hash));
    if (held.size > 1) {
      find("fork", `another event ${writer}:${seq}`);
      return;
    }
    this.#checkPlace(writer, seq, isCopy, find);
    const before = this.#hashes.get(seq - 1) ?? (seq === 1 ? new Set([""]) : undefined);
    if (before && !before.has(prev)) {
      find(
        "broken-chain",
        `${writer}:${seq} does not follow the event before it: one of them was changed`,
      );
    }
    this.#highest = Math.max(this.#highest, seq);
    this.#isAfterBad = false;
  }

  #checkPlace(writer: string, seq: number, isCopy: boolean, find: Find): void {
    // What one version lacks another one may have.
    if (seq <= this.#highest) {
      if (!isCopy) find("order", `${writer}:${seq} comes after ${this.#highest}`);
    } else if (!this.#isAfterBad && seq > this.#highest + 1) {
      const first = this.#highest + 1;
      const missing = seq === first + 1 ? `${first} is` : `${first} to ${seq - 1} are`;
      find("gap", `${writer}:${missing} missing before ${seq}`);
    }
  }
}
