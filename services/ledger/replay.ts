import { TownError } from "#services/rpc/town-error.ts";
import { compareOrigins, type Origin } from "./bead-state.ts";
import { Beads } from "./beads.ts";
import { decodeEvent, type LedgerEvent } from "./event.ts";
import { badLine, type SegmentText } from "./verify.ts";

/** Up to where a ledger is replayed: a moment, or one writer's event. */
export type Position =
  | { readonly kind: "time"; readonly atMs: number }
  | { readonly kind: "event"; readonly writer: string; readonly seq: number };

/** Read `2026-03-01T12:00:00Z` or `vm-a.k3f9x2a1:17`. Fails with `invalid`. */
export function parsePosition(text: string): Position {
  const event = /^([a-z][a-z0-9-]{0,31}\.[a-z0-9]{4,16}):([1-9]\d{0,14})$/.exec(text);
  if (event) return { kind: "event", writer: event[1] ?? "", seq: Number(event[2]) };
  const atMs = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(atMs)) return { kind: "time", atMs };
  const want = "want a time such as 2026-03-01T12:00:00Z, or <writer>:<seq>";
  throw new TownError("invalid", `not a position: ${JSON.stringify(text)} (${want})`);
}

/** The events of segments, and what is left out of them. */
export type EventReading = {
  readonly events: readonly LedgerEvent[];
  /** A sentence each, naming file and line. */
  readonly faults: readonly string[];
};

/**
 * Every event of segments, each once. A line that cannot be read, or is missing, ends what is taken
 * of its writer, since what follows may depend on it; the rest of the ledger goes on.
 */
export function readEvents(segments: readonly SegmentText[]): EventReading {
  const writers = new Map<string, Map<string, LedgerEvent>>();
  const bad = new Map<string, string>();
  for (const { path, incarnation, text } of segments) {
    for (const [index, line] of text.split("\n").slice(0, -1).entries()) {
      const event = readable(line, (why) => {
        if (!bad.has(incarnation)) bad.set(incarnation, `${path}:${index + 1}: ${why}`);
      });
      if (!event) continue;
      const held = writers.get(event.writer) ?? new Map<string, LedgerEvent>();
      writers.set(event.writer, held.set(event.hash, event));
    }
  }
  const events: LedgerEvent[] = [];
  const faults = new Map(bad);
  for (const [writer, held] of writers) {
    const sorted = [...held.values()].sort((a, b) => a.seq - b.seq);
    const end = sorted.findIndex(({ seq }, at) => seq > (sorted[at - 1]?.seq ?? 0) + 1);
    const whole = end < 0 ? sorted : sorted.slice(0, end);
    for (const event of whole) events.push(event);
    if (end < 0) continue;
    const missing = `${writer}:${(whole.at(-1)?.seq ?? 0) + 1} is missing`;
    const left = `${sorted.length - end} later events of ${writer} are left out`;
    faults.set(writer, `${bad.get(writer) ?? missing}; ${left}`);
  }
  return { events, faults: [...faults.values()] };
}

function readable(line: string, refuse: (why: string) => void): LedgerEvent | undefined {
  try {
    return decodeEvent(line);
  } catch (error) {
    if (!(error instanceof TownError)) throw error;
    refuse(badLine(line, error));
    return undefined;
  }
}

/**
 * The beads as they were: of a moment, with all that was stamped up to it; of a writer's event,
 * with that writer's events up to it and what others had stamped before it.
 */
export function replay(events: readonly LedgerEvent[], at?: Position): Beads {
  const isIn = at ? upTo(events, at) : () => true;
  const world = new Beads();
  for (const event of events) if (isIn(event)) world.fold(event);
  return world;
}

function upTo(events: readonly LedgerEvent[], at: Position): (event: LedgerEvent) => boolean {
  if (at.kind === "time") return ({ clock }) => clock[0] <= at.atMs;
  const last = events.find(({ writer, seq }) => writer === at.writer && seq === at.seq);
  if (!last) throw new TownError("not_found", `no event ${at.writer}:${at.seq} in this ledger`);
  return (event) => {
    if (event.writer === last.writer) return event.seq <= last.seq;
    return compareOrigins(origin(event), origin(last)) <= 0;
  };
}

function origin({ clock, writer, hash, actor }: LedgerEvent): Origin {
  return { stamp: clock, writer, hash, actor };
}
