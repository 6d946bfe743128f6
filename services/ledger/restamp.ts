import { compareOrigins, type Json, type Origin } from "./bead-state.ts";
import { type Stamp, stampAbove } from "./clock.ts";
import { encodeEvent, type LedgerEvent } from "./event.ts";

/**
 * Write events again as the unbroken chain of one new incarnation, for a store from which some were
 * taken out. They fold to the same beads: actors, times, order, ids of remarks stay, and what named
 * an event by its hash names it by its new one.
 *
 * @param events every event of the beads that stay, in any order, each once
 */
export function restamp(events: readonly LedgerEvent[], writer: string): LedgerEvent[] {
  const sorted = events.toSorted((a, b) => compareOrigins(originOf(a), originOf(b)));
  const byHash = new Map(sorted.map((event) => [event.hash, event]));
  const stamps = stampsOf(sorted);
  const hashes = new Map<string, string>();
  const written: LedgerEvent[] = [];
  const write = (event: LedgerEvent): void => {
    if (hashes.has(event.hash)) return;
    // By a clock that was set back, a removal may be older than what it saw.
    for (const seen of named(event)) {
      const addition = byHash.get(seen);
      if (addition) write(addition);
    }
    const { v, hash, line: _, ...rest } = event;
    const clock = stamps.get(hash) ?? event.clock;
    const values = valuesUnder(event, hashes);
    const place = { v, writer, seq: written.length + 1 };
    const prev = written.at(-1)?.hash ?? "";
    const next = encodeEvent({ ...place, ...rest, ...place, clock, values, prev });
    hashes.set(hash, next.hash);
    written.push(next);
  };
  for (const event of sorted) write(event);
  return written;
}

/** A stamp for each, in the same order: two writers' equal ones were told apart by their names. */
function stampsOf(sorted: readonly LedgerEvent[]): ReadonlyMap<string, Stamp> {
  const stamps = new Map<string, Stamp>();
  let last: Stamp | undefined;
  for (const { hash, clock } of sorted) {
    last = last === undefined ? clock : stampAbove(clock, [last]);
    stamps.set(hash, last);
  }
  return stamps;
}

/** The additions that a removal names, by their hashes. */
function named({ op, values }: LedgerEvent): string[] {
  if (op !== "unlabel" && op !== "unlink") return [];
  return Object.values((values["remove"] ?? {}) as Record<string, string[]>).flat();
}

function originOf({ clock, writer, hash, actor }: LedgerEvent): Origin {
  return { stamp: clock, writer, hash, actor };
}

type Values = Readonly<Record<string, Json>>;

/** An event's values, where they hang on hashes of events. */
function valuesUnder(
  { op, values, hash }: LedgerEvent,
  hashes: ReadonlyMap<string, string>,
): Values {
  switch (op) {
    case "unlabel":
    case "unlink":
      return { ...values, remove: renamed(values["remove"], hashes) };
    case "comment":
      // A remark without an id is known by the hash of its event.
      return values["id"] === undefined ? { ...values, id: hash.slice(0, 12) } : values;
    case "create": {
      const { comments } = values;
      if (!Array.isArray(comments)) return values;
      const named = comments.map((comment, index) => {
        return { id: `${hash.slice(0, 12)}-${index}`, ...(comment as Record<string, Json>) };
      });
      return { ...values, comments: named };
    }
    default:
      return values;
  }
}

/** Additions that a removal names; one whose event is not here is named as it was. */
function renamed(remove: Json | undefined, hashes: ReadonlyMap<string, string>): Json {
  const named = Object.entries((remove ?? {}) as Record<string, string[]>);
  const under = named.map(([key, seen]) => [key, seen.map((hash) => hashes.get(hash) ?? hash)]);
  return Object.fromEntries(under) as Json;
}
