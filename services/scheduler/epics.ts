import type { Bead } from "#services/ledger/bead.ts";
import { closeName } from "#services/ledger/close-name.ts";
import { closeBead } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { isWork } from "#services/ledger/readiness.ts";
import type { World } from "#services/ledger/world.ts";

/**
 * Open epics whose children are all closed, the inner ones first.
 *
 * An epic without children stays open: they may not have arrived, or not been filed yet. A pinned
 * child is an ongoing concern that never closes, so it holds nothing.
 *
 * @param owns whether the caller closes this epic: the authority those of its rig, the town its own
 */
export function epicsToClose(world: World, owns: (bead: Bead) => boolean): Bead[] {
  const open = world.ofType("epic").filter((epic) => epic.status !== "closed" && owns(epic));
  const closing = new Map<string, Bead>();
  for (let before = -1; before !== closing.size; ) {
    before = closing.size;
    for (const epic of open) {
      if (!closing.has(epic.uid) && isOver(epic, world, closing)) closing.set(epic.uid, epic);
    }
  }
  return [...closing.values()];
}

/** The drafts that close them; made twice, they are one close. */
export function closingsOfEpics(world: World, owns: (bead: Bead) => boolean): Draft[] {
  return epicsToClose(world, owns).map((epic) => {
    const count = childrenOf(epic, world).length;
    const reason = count === 1 ? "its one child is closed" : `all ${count} children are closed`;
    const close = closeName(epic, "children");
    return closeBead(epic.uid, { close, kind: "done", reason });
  });
}

function isOver(epic: Bead, world: World, closing: ReadonlyMap<string, Bead>): boolean {
  const children = childrenOf(epic, world);
  const isSettled = ({ uid, status }: Bead) =>
    status === "closed" || status === "pinned" || closing.has(uid);
  return children.some(({ status }) => status !== "pinned") && children.every(isSettled);
}

function childrenOf(epic: Bead, world: World): Bead[] {
  return world.children(epic.uid).filter(isWork);
}
