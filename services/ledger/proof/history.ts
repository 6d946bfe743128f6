import { type Stamp, stampAbove, tick } from "../clock.ts";
import { type Draft, encodeEvent, eventVersion, type LedgerEvent } from "../event.ts";
import { makeDraft } from "./made-draft.ts";
import { readTape, type Tape } from "./tape.ts";

/** One event of a made history, and what its writer knew when it wrote. */
export type Happened = {
  readonly event: LedgerEvent;
  /** Whether the writer had seen another event of the history when it wrote this one. */
  readonly saw: (other: Happened) => boolean;
  readonly writer: number;
};

/** What several writers wrote, in the order in which it happened. */
export type History = readonly Happened[];

/** A writer, seen from its history's maker. */
type Writer = {
  readonly incarnation: string;
  /** How far its wall clock is off, ms. */
  readonly skewMs: number;
  clock: Stamp;
  last: LedgerEvent | undefined;
  seq: number;
  /** How many events of each writer it has seen. */
  readonly heads: number[];
};

/** How many bytes a history is made of: a few short ones, for what is rare among many writers. */
export const tapeSizes = [
  { weight: 1, minLength: 4, maxLength: 120 },
  { weight: 2, minLength: 120, maxLength: 400 },
] as const;

/** By this fast-check finds how a value is told. */
const toStringMethod = Symbol.for("fast-check/toStringMethod");

const skewsMs = [0, 0, 1, -90_000, 600_000, 31_536_000_000];
const startMs = 1_700_000_000_000;
const eventsMax = 48;

/**
 * What up to eight writers wrote, each knowing only what it had seen of the others by then.
 *
 * Their clocks run apart, some are far ahead, and two of them may be clones of one machine: they
 * write different events under the same numbers.
 */
export function makeHistory(bytes: Uint8Array): History {
  const tape = readTape(bytes);
  const writers = makeWriters(tape);
  const happened: Happened[] = [];
  let nowMs = startMs;
  while (tape.isLeft() && happened.length < eventsMax) {
    nowMs += tape.next(3);
    const index = tape.next(writers.length);
    const writer = writers[index] as Writer;
    look(writer, writers, tape);
    const known = happened.filter((other) => hasSeen(writer.heads, other));
    const draft = makeDraft(tape, known);
    writer.clock = tick(writer.clock, nowMs + writer.skewMs);
    happened.push(write(writer, index, draft, known));
  }
  return Object.assign(happened, { [toStringMethod]: () => story(happened) });
}

/** A history in a form that people can follow, for failures. */
function story(happened: History): string {
  const lines = happened.map(({ event, writer }) => {
    const { clock, bead, op, epoch = "", values, request = "" } = event;
    const who = `${writer} ${event.writer}:${event.seq} ${clock.join(".")}`;
    return `${who} ${bead} ${op} ${epoch} ${JSON.stringify(values)} ${request}`;
  });
  return `\n${lines.join("\n")}\n`;
}

function makeWriters(tape: Tape): Writer[] {
  const count = 1 + tape.next(8);
  const isCloned = tape.next(4) === 1;
  return Array.from({ length: count }, (_, index) => ({
    incarnation: isCloned && index === 1 ? "m0.aaaa0000" : `m${index}.aaaa000${index}`,
    skewMs: tape.pick(skewsMs),
    clock: [0, 0],
    last: undefined,
    seq: 0,
    heads: Array.from({ length: count }, () => 0),
  }));
}

/** Hear of what another writer wrote: nothing, one event more, or all that it knows. */
function look(writer: Writer, writers: readonly Writer[], tape: Tape): void {
  const from = tape.next(writers.length);
  const other = writers[from] as Writer;
  const how = tape.next(4);
  if (how === 1 && (writer.heads[from] ?? 0) < other.seq) {
    writer.heads[from] = (writer.heads[from] ?? 0) + 1;
  }
  if (how < 2) return;
  other.heads.forEach((seq, index) => {
    writer.heads[index] = Math.max(writer.heads[index] ?? 0, seq);
  });
}

function hasSeen(heads: readonly number[], { event, writer }: Happened): boolean {
  return (heads[writer] ?? 0) >= event.seq;
}

function write(
  writer: Writer,
  index: number,
  { later, ...draft }: Draft & { readonly later?: object },
  known: readonly Happened[],
): Happened {
  writer.seq += 1;
  const event = encodeEvent({
    v: eventVersion,
    writer: writer.incarnation,
    seq: writer.seq,
    clock: stampAbove(writer.clock, replaced(draft as Draft, known)),
    actor: `machines/m${index}`,
    bead: draft.bead,
    op: draft.op,
    values: draft.values as LedgerEvent["values"],
    ...(draft.epoch !== undefined && { epoch: draft.epoch }),
    ...(draft.request !== undefined && { request: draft.request }),
    prev: writer.last?.hash ?? "",
    ...later,
  });
  writer.last = event;
  writer.heads[index] = writer.seq;
  const heads = [...writer.heads];
  const happened: Happened = { event, writer: index, saw: (other) => hasSeen(heads, other) };
  return happened;
}

function replaced(draft: Draft, known: readonly Happened[]): Stamp[] {
  const names = Object.keys(fieldsOf(draft));
  return known.flatMap(({ event }) => {
    const isOlder = event.bead === draft.bead && names.some((name) => writes(event, name));
    return isOlder ? [event.clock] : [];
  });
}

/** Whether an event writes a field. */
export function writes(event: Pick<LedgerEvent, "op" | "values">, name: string): boolean {
  return Object.hasOwn(fieldsOf(event), name);
}

/** The fields that an event writes. */
export function fieldsOf(event: { op: string; values: object }): Record<string, unknown> {
  if (event.op !== "set" && event.op !== "create") return {};
  return (event.values as { fields: Record<string, unknown> }).fields;
}
