import type { MergeQueueService } from "#proto/gastown/v1/merge_queue_service_pb.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { compareEpochs } from "#services/ledger/epoch.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { mergeField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { findBead } from "../find-bead.ts";
import { showMergeRequest } from "./merge-request-message.ts";

type GetMergeRequest = MethodImpl<typeof MergeQueueService.method.getMergeRequest>;

/** One request by its id, or the newest one of a bead, with its gates' output. */
export function getMergeRequest({ ledger }: { readonly ledger: Ledger }): GetMergeRequest {
  const { world } = ledger;
  return async ({ id }) => {
    const bead = findBead(world, id);
    const request = bead.issueType === "merge-request" ? bead : newestRequest(bead, world);
    if (request) return { mergeRequest: showMergeRequest(request, world) };
    throw new TownError("not_found", `${bead.id} has no merge request`, {
      resource: { type: "merge-request", name: id },
    });
  };
}

/** The merge request of a bead's highest epoch, live or settled. */
export function newestRequest(work: Bead, world: World): Bead | undefined {
  let newest: { epoch: string; request: Bead } | undefined;
  for (const request of world.ofWork(work.uid)) {
    if (request.issueType !== "merge-request" || request.deleted) continue;
    const epoch = mergeField.read(request)?.epoch ?? "0.0";
    if (!newest || compareEpochs(epoch, newest.epoch) >= 0) newest = { epoch, request };
  }
  return newest?.request;
}
