import { compareOrigins, type Json, type Origin } from "./bead-state.ts";
import { isEpoch, parseEpoch } from "./epoch.ts";

type Write = { readonly origin: Origin; readonly value: Json };

/**
 * Fields that attempts write, or authorities: whoever has the higher epoch or term has the say,
 * whenever it wrote. So a late word of one that does not know yet that it is over changes nothing.
 */
const ranks: ReadonlyMap<string, (value: Json) => readonly number[]> = new Map([
  ["gt.exit", byEpoch],
  ["gt.restart", byEpoch],
  ["gt.saved", byEpoch],
  ["gt.authority", byTerm],
]);

/** Whether a write of a field takes the place of the one that is held. A total order. */
export function supersedes(name: string, write: Write, held: Write): boolean {
  const rank = ranks.get(name);
  const order = rank ? compareRanks(rank(write.value), rank(held.value)) : 0;
  return (order || compareOrigins(write.origin, held.origin)) > 0;
}

/** What carries no epoch ranks below all that do. */
function byEpoch(value: Json): readonly number[] {
  const epoch = member(value, "epoch");
  if (typeof epoch !== "string" || !isEpoch(epoch)) return [];
  const { term, count, respawn = 0 } = parseEpoch(epoch);
  return [term, count, respawn];
}

function byTerm(value: Json): readonly number[] {
  const term = member(value, "term");
  return typeof term === "number" ? [term] : [];
}

function member(value: Json, name: string): Json | undefined {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject && Object.hasOwn(value, name) ? value[name] : undefined;
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const order = (a[at] ?? -1) - (b[at] ?? -1);
    if (order !== 0) return order;
  }
  return 0;
}
