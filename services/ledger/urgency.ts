import type { Bead } from "./bead.ts";
import { firstCreation } from "./derive.ts";
import type { World } from "./world.ts";

/** How ready beads are ordered. */
export type SortPolicy = "hybrid" | "priority" | "oldest";

// So long does a bead wait until it counts as one priority more urgent.
const ageingMs = 3 * 24 * 60 * 60_000;

/** A bead's place in a policy's order; it changes only with the bead, never with time. */
export type Urgency = readonly [rank: number, sinceMs: number, id: string];

/** Order beads by a policy, the most urgent first. */
export function sortByUrgency(
  beads: readonly Bead[],
  world: World,
  policy: SortPolicy = "hybrid",
): Bead[] {
  const ranked = beads.map((bead) => ({ bead, urgency: urgencyOf(bead, world, policy) }));
  ranked.sort((a, b) => compareUrgency(a.urgency, b.urgency));
  return ranked.map(({ bead }) => bead);
}

/** Where a bead stands in a policy's order. */
export function urgencyOf(bead: Bead, world: World, policy: SortPolicy = "hybrid"): Urgency {
  const sinceMs = waitingSinceMs(bead, world);
  return [rank(bead, sinceMs, policy), sinceMs, bead.id];
}

/** Negative where `a` is more urgent; the id settles what is equal. */
export function compareUrgency(a: Urgency, b: Urgency): number {
  return a[0] - b[0] || a[1] - b[1] || (a[2] < b[2] ? -1 : a[2] > b[2] ? 1 : 0);
}

/**
 * Priority with ageing: any bead overtakes in time whatever is filed later, so nothing starves.
 * All age at one pace, so the order of two beads never depends on when it is asked for.
 */
function rank(bead: Bead, sinceMs: number, policy: SortPolicy): number {
  if (policy === "priority") return bead.priority;
  if (policy === "oldest") return sinceMs;
  return bead.priority + sinceMs / ageingMs;
}

/** When the ledger got it: a backlog that was imported at once is then ordered by priority. */
function waitingSinceMs(bead: Bead, world: World): number {
  const state = world.state(bead.uid);
  return (state && firstCreation(state)?.stamp[0]) ?? 0;
}
