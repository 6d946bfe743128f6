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
  const hashes = new Map<string, string>();
  const written: LedgerEvent[] = [];
  let last: Stamp | undefined;
  for (const [index, event] of sorted.entries()) {
    const { v, clock, hash, line: _, ...rest } = event;
    // Two writers' equal stamps were told apart by their names, and now there is one name.
    const stamp = last === undefined ? clock : stampAbove(clock, [last]);
    const values = valuesUnder(event, hashes);
    const seq = index + 1;
    const prev = written.at(-1)?.hash ?? "";
    const next = encodeEvent({ v, writer, seq, clock: stamp, ...without(rest), values, prev });
    hashes.set(hash, next.hash);
    written.push(next);
    last = stamp;
  }
  return written;
}

/** What is written of an event as it was: its writer and its place in a chain are not. */
function without<T extends Pick<LedgerEvent, "writer" | "seq" | "prev" | "values">>(event: T) {
  const { writer: _, seq: __, prev: ___, values: ____, ...rest } = event;
  return rest;
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
