import { TownError } from "#services/rpc/town-error.ts";
import { compareOrigins, type Origin } from "./bead-state.ts";
import { decodeEvent, type LedgerEvent } from "./event.ts";
import { Beads } from "./world.ts";

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

/** Every event of segments, each once; lines that cannot be read are left to `verify`. */
export function readEvents(segments: readonly { readonly text: string }[]): LedgerEvent[] {
  const events = new Map<string, LedgerEvent>();
  for (const { text } of segments) {
    for (const line of text.split("\n").slice(0, -1)) {
      const event = readable(line);
      if (event) events.set(event.hash, event);
    }
  }
  return [...events.values()];
}

function readable(line: string): LedgerEvent | undefined {
  try {
    return decodeEvent(line);
  } catch (error) {
    if (error instanceof TownError) return undefined;
    throw error;
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
