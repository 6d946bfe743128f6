import { toBeadsLine } from "./beads-line.ts";
import type { World } from "./world.ts";

/** All beads of all tiers as lines of Beads' JSONL, tombstones too, sorted by id. */
export function exportLines(world: Pick<World, "everywhere" | "state">): string[] {
  const beads = [...world.everywhere()].sort((a, b) => (a.id < b.id ? -1 : Number(a.id > b.id)));
  return beads.map((bead) => toBeadsLine(bead, world));
}
