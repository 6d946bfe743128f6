import { create } from "@bufbuild/protobuf";
import type { Bead } from "#proto/gastown/v1/bead_pb.ts";
import { type BeadNode, BeadNodeSchema, WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import type { Session } from "./session.ts";

/** What is looked at now: a node without a bead over the trees, and whether all is closed. */
export type Forest = { readonly node: BeadNode; readonly closed: boolean };

/** More trees than a screen has lines for say nothing. */
const treesMax = 20;

/**
 * Look at one bead's tree, or, with an empty id, at the trees of all open work. Work that was open
 * once stays in sight when it is closed. While nobody answers, the last look is repeated.
 */
export function openForest(gt: Session, id: string): () => Promise<Forest> {
  const roots = new Set(id === "" ? [] : [id]);
  let last: Forest = { node: create(BeadNodeSchema), closed: false };
  return async () => {
    try {
      if (id === "") for (const root of await openRoots(gt)) roots.add(root);
      const shown = [...roots].slice(-treesMax);
      const children = await Promise.all(shown.map((root) => treeOf(gt, root)));
      const node = create(BeadNodeSchema, { children: children.filter((child) => child !== null) });
      last = { node, closed: node.children.every((child) => child.bead?.status === "closed") };
    } catch (error) {
      if (!isTownError(error, "unavailable", "timeout")) throw error;
    }
    return last;
  };
}

/** Whether a bead, or with an empty id all work, is closed; nobody answering is no yes. */
export async function isClosed(gt: Session, id: string): Promise<boolean> {
  try {
    if (id === "") return (await openWork(gt)).length === 0;
    const { bead } = await gt.call(WorkService.method.getBead, { id });
    return bead?.status === "closed";
  } catch (error) {
    if (!isTownError(error, "unavailable", "timeout")) throw error;
    return false;
  }
}

async function openRoots(gt: Session): Promise<string[]> {
  const beads = await openWork(gt);
  const ids = new Set(beads.map(({ id }) => id));
  return beads.filter(({ parent }) => !ids.has(parent)).map(({ id }) => id);
}

async function openWork(gt: Session): Promise<Bead[]> {
  return (await gt.call(WorkService.method.listBeads, { pageSize: 200 })).beads;
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
