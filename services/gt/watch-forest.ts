import { create } from "@bufbuild/protobuf";
import type { Bead } from "#proto/gastown/v1/bead_pb.ts";
import { type BeadNode, BeadNodeSchema, WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import type { Session } from "./session.ts";
import { standstill, waitedOutside } from "./standstill.ts";

/** What is looked at now. */
export type Forest = {
  /** One tree, or a node without a bead over several. */
  readonly node: BeadNode;
  /** Whether all that is looked at is closed. */
  readonly closed: boolean;
  /** What a person has to decide about before anything goes on; empty while something does. */
  readonly still: readonly Bead[];
  /** Nobody answered: this is what was seen last. */
  readonly away: boolean;
};

/** More trees than a screen has lines for say nothing. */
const treesMax = 20;

/**
 * Look at one bead's tree, or, with an empty id, at the trees of all open work. Work that was open
 * once stays in sight when it is closed. While nobody answers, the last look is repeated.
 */
export function openForest(gt: Session, id: string): () => Promise<Forest> {
  const roots = new Set(id === "" ? [] : [id]);
  let last: Forest = { node: create(BeadNodeSchema), closed: false, still: [], away: false };
  return async () => {
    try {
      const open = id === "" ? await openRoots(gt) : [];
      for (const root of open) roots.add(root);
      const shown = [...roots].slice(-treesMax);
      const children = await Promise.all(shown.map((root) => treeOf(gt, root)));
      const node = create(BeadNodeSchema, { children: children.filter((child) => child !== null) });
      const isClosed = node.children.every((child) => child.bead?.status === "closed");
      const closed = open.length <= treesMax && isClosed;
      // Trees that are out of sight may go on.
      const still = closed || open.length > treesMax ? [] : await stillOf(gt, node);
      last = { node, closed, still, away: false };
    } catch (error) {
      if (!isTownError(error, "unavailable", "timeout")) throw error;
      last = { ...last, closed: false, still: [], away: true };
    }
    return last;
  };
}

async function stillOf(gt: Session, node: BeadNode): Promise<Bead[]> {
  const still = standstill(node);
  if (still.length > 0) return still;
  const outside = await Promise.all(waitedOutside(node).map((id) => beadOf(gt, id)));
  return standstill(
    node,
    outside.flatMap((bead) => bead ?? []),
  );
}

/** Undefined where nothing is known of it, as for beads of another town. */
async function beadOf(gt: Session, id: string): Promise<Bead | undefined> {
  try {
    return (await gt.call(WorkService.method.getBead, { id })).bead;
  } catch (error) {
    if (isTownError(error, "not_found")) return undefined;
    throw error;
  }
}

async function openRoots(gt: Session): Promise<string[]> {
  const { beads } = await gt.call(WorkService.method.listBeads, { pageSize: 200 });
  const ids = new Set(beads.map(({ id }) => id));
  return beads.filter(({ parent }) => !ids.has(parent)).map(({ id }) => id);
}

async function treeOf(gt: Session, id: string): Promise<BeadNode | null> {
  try {
    return (await gt.call(WorkService.method.getBeadTree, { id })).root ?? null;
  } catch (error) {
    // Deleted since.
    if (isTownError(error, "not_found")) return null;
    throw error;
  }
}
