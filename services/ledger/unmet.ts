import type { Bead, Dependency } from "./bead.ts";
import { edgeKey, liveAdditions } from "./bead-state.ts";
import type { World } from "./world.ts";

const failures =
  /failed|rejected|wontfix|won't fix|cancel+ed|abandoned|blocked|error|timeout|aborted/i;

/** Why an edge still holds its bead back, or undefined. */
export function unmet(
  bead: Bead,
  target: Bead,
  edge: Dependency,
  world: World,
): string | undefined {
  if (edge.type === "waits-for") return unmetWait(bead, target, edge, world);
  if (edge.type === "conditional-blocks") {
    if (target.deleted) return "was deleted without failing";
    if (target.status !== "closed") return `has not failed: it is ${target.status}`;
    return closedAsFailed(target) ? undefined : "closed without failing";
  }
  const done = target.deleted || target.status === "closed" || target.status === "pinned";
  return done ? undefined : `is ${target.status}`;
}

function unmetWait(bead: Bead, target: Bead, edge: Dependency, world: World): string | undefined {
  const spawned = world.children(target.uid).filter(({ uid }) => uid !== bead.uid);
  const open = spawned.filter(({ status }) => status !== "closed");
  const over = target.status === "closed" || target.deleted;
  if (waitsForAny(bead, edge, world)) {
    if (open.length < spawned.length || (over && spawned.length === 0)) return undefined;
    return spawned.length === 0 ? "has no child yet" : "has no closed child yet";
  }
  if (open.length > 0) return `has ${open.length} open of ${spawned.length} children`;
  return over ? undefined : `is ${target.status} and may get more children`;
}

/** Beads writes the edge's metadata as JSON in a string: `{"gate":"any-children"}`. */
function waitsForAny(bead: Bead, edge: Dependency, world: World): boolean {
  const element = world.state(bead.uid)?.edges.get(edgeKey(edge));
  const metadata = element && liveAdditions(element)[0]?.value["metadata"];
  return /\bany(-children)?\b/.test(JSON.stringify(metadata ?? ""));
}

/** Whether a close says that the work failed. Merged is merged, whatever the words. */
export function closedAsFailed(bead: Bead): boolean {
  if (bead.status !== "closed" || bead.closeKind === "merged") return false;
  return failures.test(bead.closeKind) || failures.test(bead.closeReason);
}
