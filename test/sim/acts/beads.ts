import { create } from "@bufbuild/protobuf";
import {
  CreateBeadRequestSchema,
  HandOffBeadRequestSchema,
  RemoveDependencyRequestSchema,
  UpdateBeadRequestSchema,
} from "#proto/gastown/v1/work_service_pb.ts";
import { createBead } from "#services/api/work/create-bead.ts";
import { handOffBead } from "#services/api/work/hand-off-bead.ts";
import { removeDependency } from "#services/api/work/remove-dependency.ts";
import { updateBead } from "#services/api/work/update-bead.ts";
import { type Bead, isHeld } from "#services/ledger/bead.ts";
import { createBead as draftBead, setFields } from "#services/ledger/drafts.ts";
import { draftsOfEdit } from "#services/ledger/edit-drafts.ts";
import type { Edit } from "#services/ledger/foreign-edit.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { isDispatchable, openWork } from "#services/ledger/readiness.ts";
import { slingField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import type { Sim } from "../sim.ts";
import type { Task } from "../work.ts";
import type { Desk, Request } from "./desk.ts";

/** Open work that a worker may be given, in a fixed order. */
export function workIn(world: World): Bead[] {
  return openWork(world)
    .filter(isDispatchable)
    .sort((a, b) => (a.uid < b.uid ? -1 : 1));
}

/** What a machine, or anybody, holds now. */
export function heldWork(world: World, machine?: string): Bead[] {
  return workIn(world).filter((bead) => {
    return isHeld(bead) && (machine === undefined || bead.claim?.machine === machine);
  });
}

/** Another note on a bead and another label, as a person gives them. */
export function noteRequest(requestId: string, id: string, notes: string): Request {
  return {
    requestId,
    act: async ({ ledger, process }, context) => {
      const bead = { id, notes, labels: [...(ledger.world.bead(id)?.labels ?? []), notes] };
      const updateMask = { paths: ["notes", "labels"] };
      const request = create(UpdateBeadRequestSchema, { requestId, bead, updateMask });
      await updateBead({ ledger, nowMs: process.clock.nowMs })(request, context);
      return id;
    },
  };
}

/** No longer wait for another bead. */
export function unblockRequest(requestId: string, id: string, dependsOnId: string): Request {
  return {
    requestId,
    act: async ({ ledger, process }, context) => {
      const type = "blocks";
      const wanted = { requestId, id, dependsOnId, type };
      const request = create(RemoveDependencyRequestSchema, wanted);
      await removeDependency({ ledger, nowMs: process.clock.nowMs })(request, context);
      return id;
    },
  };
}

/** Have another machine go on with a bead. */
export function handOffRequest(requestId: string, id: string): Request {
  return {
    requestId,
    act: async ({ ledger, process }, context) => {
      const request = create(HandOffBeadRequestSchema, { requestId, id });
      await handOffBead({ ledger, nowMs: process.clock.nowMs })(request, context);
      return id;
    },
  };
}

/** File a bead; a second request has it worked. */
export function fileRequest(requestId: string, rig: string, title: string): Request {
  return {
    requestId,
    act: async ({ ledger, process }, context) => {
      const request = create(CreateBeadRequestSchema, { requestId, rig, title });
      const { bead } = await createBead({ ledger, nowMs: process.clock.nowMs })(request, context);
      return bead?.id ?? "";
    },
  };
}

/** Have the run's workers know what a bead of this title is. */
export function planTask(sim: Sim, title: string, rig: string): void {
  const task: Task = {
    ...{ key: title, rig, priority: 2, needs: [], epic: undefined, manner: "plain" },
    ...{ change: { kind: "own" }, stepMinMs: 2_000, stepMaxMs: 9_000, filedMs: 0 },
  };
  sim.addTask(task);
}

/** File a bead under an id of one's own choice, to be worked. */
export async function fileAs(
  { ledger }: Desk,
  bead: { readonly id: string; readonly title: string },
): Promise<void> {
  const uid = derivedUid("sim", bead.title);
  const fields = { [slingField.name]: { runtime: "sim", by: "overseer" } };
  await ledger.append("overseer", [draftBead({ ...bead, uid, fields })]);
}

/** Have a bead that was filed be worked. */
export async function slingAt({ ledger }: Desk, uid: string): Promise<void> {
  const fields = { [slingField.name]: { runtime: "sim", by: "overseer" } };
  await ledger.append("overseer", [setFields(uid, fields)]);
}

/** Take in edits of a bead which a tool made that knows nothing of claims. */
export async function importEdits(
  sim: Sim,
  { ledger, process }: Desk,
  bead: Bead,
  edits: readonly Edit[],
): Promise<void> {
  const atMs = process.clock.nowMs();
  const cause = `import:${sim.world.timeline.elapsedMs}`;
  const row = { close_reason: "done elsewhere" };
  const source = { cause, where: "an import says so", atMs, row, resolve: (id: string) => id };
  const drafts = edits.flatMap((edit) => draftsOfEdit(edit, bead, ledger.world, source));
  await ledger.append("overseer", drafts);
}
