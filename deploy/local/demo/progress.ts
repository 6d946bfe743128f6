import type { BeadNode } from "#proto/gastown/v1/work_service_pb.ts";

/** How far an epic is. */
export type Progress =
  | { readonly kind: "going" }
  | { readonly kind: "done" }
  /** Nothing moves any more and nothing will; the ids of what is open. */
  | { readonly kind: "stuck"; readonly open: readonly string[] };

/**
 * How far an epic is, by its tree. It is stuck where nobody works, nothing is ready, and something
 * was put aside: only a person can go on there. Pure.
 */
export function progressOf(root: BeadNode): Progress {
  if (root.bead?.status === "closed") return { kind: "done" };
  const open = openBeads(root);
  const isMoving = open.some(({ bead, mergeState }) => {
    const queued = mergeState === "queued" || mergeState === "testing";
    return queued || bead?.ready === true || bead?.claim !== undefined;
  });
  const isPutAside = open.some(({ bead }) => bead?.status === "deferred");
  if (isMoving || !isPutAside) return { kind: "going" };
  return { kind: "stuck", open: open.map(({ bead }) => bead?.id ?? "") };
}

/** The open beads below an epic, without it. */
export function openBeads(root: BeadNode): BeadNode[] {
  return root.children.flatMap((child) => [
    ...(child.bead?.status === "closed" ? [] : [child]),
    ...openBeads(child),
  ]);
}
