import type { BeadState } from "../bead-state.ts";
import { toBeadsLine } from "../beads-line.ts";
import { OneEntry } from "../one-entry.ts";
import type { World } from "../world.ts";

/**
 * All that a world holds, as text: the join of each bead's events with nothing left out, its view,
 * its neighbours, and its line of Beads' JSONL. Two worlds with the same events have the same text.
 *
 * @param requests keys whose first application belongs to the text
 */
export function canonical(
  world: World,
  uids: readonly string[],
  requests: readonly string[] = [],
): string {
  const beads = [...uids].sort().map((uid) => {
    const state = world.state(uid);
    const bead = world.bead(uid);
    return {
      state: state && stateParts(state),
      bead,
      line: bead && toBeadsLine(bead, world),
      children: world.children(uid).map((each) => each.uid),
      dependents: sortedUids(world.dependents(uid)),
      ofWork: sortedUids(world.ofWork(uid)),
      ofType: bead && sortedUids(world.ofType(bead.issueType)),
    };
  });
  const size = world.size();
  const asked = [...requests].sort().map((key) => [key, world.requested(key)]);
  return [{ size }, ...beads, { asked }].map((part) => JSON.stringify(part)).join("\n");
}

/** A state with its maps and sets in the order of their keys. */
function stateParts(state: BeadState): unknown {
  const parts = Object.entries(state).map(([name, part]) => [name, sortedPart(part)]);
  return Object.fromEntries(parts);
}

function sortedPart(part: unknown): unknown {
  if (part instanceof Set) return [...part].sort();
  if (part instanceof Map || part instanceof OneEntry) {
    const keys = [...part.keys()].sort();
    return keys.map((key) => [key, sortedPart(part.get(key))]);
  }
  const isElement = typeof part === "object" && part !== null && "added" in part;
  if (!isElement) return part ?? null;
  const { added, removed } = part as { added: unknown; removed: unknown };
  return { added: sortedPart(added), removed: sortedPart(removed) };
}

function sortedUids(beads: readonly { uid: string }[]): string[] {
  return beads.map(({ uid }) => uid).sort();
}
