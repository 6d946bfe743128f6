import type { Bead } from "./bead.ts";
import { firstCreation } from "./derive.ts";
import type { World } from "./world.ts";

/** How ready beads are ordered. */
export type SortPolicy = "hybrid" | "priority" | "oldest";

// So long does a bead wait until it counts as one priority more urgent.
const ageingMs = 3 * 24 * 60 * 60_000;

/** Order beads by a policy, the most urgent first; ids settle what is equal. */
export function sortByUrgency(
  beads: readonly Bead[],
  world: World,
  policy: SortPolicy = "hybrid",
): Bead[] {
  const ranked = beads.map((bead) => {
    const sinceMs = waitingSinceMs(bead, world);
    return { bead, sinceMs, rank: rank(bead, sinceMs, policy) };
  });
  ranked.sort((a, b) => a.rank - b.rank || a.sinceMs - b.sinceMs || byId(a.bead, b.bead));
  return ranked.map(({ bead }) => bead);
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

function byId(a: Bead, b: Bead): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
