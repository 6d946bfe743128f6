import type { Bead } from "#proto/gastown/v1/bead_pb.ts";
import type { BeadNode } from "#proto/gastown/v1/work_service_pb.ts";

/** The edges that make one bead wait for another, apart from parent-child. */
const waitTypes = new Set(["blocks", "waits-for", "conditional-blocks"]);
const settled = new Set(["closed", "tombstone", "pinned"]);
const asideStatuses = new Set(["deferred", "blocked"]);

/** Beads outside a tree that one inside it waits for. */
export function waitedOutside(root: BeadNode): string[] {
  const nodes = flat(root);
  const inside = new Set(nodes.map(({ bead }) => bead?.id));
  const waited = nodes.flatMap(({ bead }) =>
    bead === undefined || bead.ready || settled.has(bead.status) ? [] : waits(bead),
  );
  return [...new Set(waited)].filter((id) => !inside.has(id));
}

/**
 * The beads that were put aside, where nothing open in a tree can move until a person decides about
 * them; empty while anything can.
 *
 * @param outside what is known of beads outside the tree
 */
export function standstill(root: BeadNode, outside: readonly Bead[] = []): Bead[] {
  const nodes = flat(root);
  const beads = nodes.flatMap(({ bead }) => (bead ? [bead] : []));
  const known = new Map([...outside, ...beads].map((bead) => [bead.id, bead]));
  const aside = new Set<Bead>();
  const stuck = new Map<string, boolean>();
  const isStuck = (id: string): boolean => {
    const held = stuck.get(id);
    const bead = known.get(id);
    if (held !== undefined || bead === undefined) return held ?? false;
    stuck.set(id, false); // Whatever a circle says, it is no ground to give up.
    const now = judge(bead);
    stuck.set(id, now);
    return now;
  };
  const judge = (bead: Bead): boolean => {
    if (settled.has(bead.status) || bead.claim !== undefined) return false;
    if (asideStatuses.has(bead.status)) {
      aside.add(bead);
      return true;
    }
    return above(bead, known).some((each) => waits(each).some(isStuck));
  };
  // From the leaves up: an epic goes on while any of its parts does.
  const isStill = (node: BeadNode): boolean => {
    const { bead, children } = node;
    if (bead !== undefined && settled.has(bead.status)) return true;
    const open = children.filter((child) => !settled.has(child.bead?.status ?? ""));
    const below = open.map(isStill);
    if (below.includes(false)) return false;
    const isWhole = bead === undefined || bead.issueType === "epic";
    if (isWhole && open.length > 0) return true;
    return bead !== undefined && isStuck(bead.id);
  };
  return isStill(root) ? [...aside] : [];
}

function flat(node: BeadNode): BeadNode[] {
  return [node, ...node.children.flatMap(flat)];
}

function waits({ dependencies }: Bead): string[] {
  return dependencies.filter(({ type }) => waitTypes.has(type)).map((edge) => edge.dependsOnId);
}

/** A bead with those above it: what they wait for, it waits for too. */
function above(bead: Bead, known: ReadonlyMap<string, Bead>): Bead[] {
  const line: Bead[] = [];
  for (let at: Bead | undefined = bead; at && !line.includes(at); at = known.get(at.parent)) {
    line.push(at);
  }
  return line;
}
