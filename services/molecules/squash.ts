import { closeBead, createBead, tombstone } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { type Digest, digestField, exitField, workField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import type { MoleculeView } from "./progress.ts";

/**
 * Condense a molecule into its digest, and replace root and steps by tombstones that name it.
 *
 * For when the work is over: closed, and its worker gone or gone for good. Doing it twice is doing
 * it once.
 *
 * @param endedAt RFC 3339; when the work was closed, else when the attempt ended
 */
export function squash(world: World, molecule: MoleculeView, endedAt: string): readonly Draft[] {
  const digest = digestOf(molecule, endedAt);
  const { root, work, epoch } = molecule;
  const uid = derivedUid("digest", root.uid, epoch);
  const name = molecule.work?.id ?? root.id;
  const gone = [...molecule.steps.map(({ bead }) => bead), root].filter((bead) => !bead.deleted);
  const tombstones = gone.map(({ uid: each }) =>
    tombstone(each, `squashed into ${name}.digest`, uid),
  );
  if (world.bead(uid)) return tombstones;
  const created = createBead({
    uid,
    id: `${name}.digest`,
    title: `${digest.exit || "ended"}: ${work?.title ?? root.title}`.slice(0, 500),
    issueType: "event",
    priority: root.priority,
    assignee: digest.worker,
    fields: {
      description: (work && exitField.read(work)?.summary) ?? "",
      [workField.name]: work?.uid ?? "",
      [digestField.name]: digest,
    },
    labels: ["digest"],
  });
  const recorded = closeBead(uid, { close: "digest", reason: "recorded", kind: "done" });
  return [created, recorded, ...tombstones];
}

function digestOf({ work, epoch, root, steps }: MoleculeView, endedAt: string): Digest {
  const claim = work?.claim;
  const startedAt = claim?.claimedAt ?? root.createdAt;
  return {
    bead: work?.id ?? "",
    worker: claim?.polecat ?? root.assignee,
    machine: claim?.machine ?? "",
    epoch,
    exit: (work && exitField.read(work)?.kind) ?? "",
    commit: work?.closeCommit ?? "",
    startedAt,
    endedAt,
    elapsedMs: Math.max(0, Date.parse(endedAt) - Date.parse(startedAt)) || 0,
    steps: steps
      .filter(({ state }) => state === "done")
      .map(({ name, bead }) => ({ name, completedAt: bead.closedAt ?? "" })),
  };
}
