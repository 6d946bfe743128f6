import type { MessageInitShape } from "@bufbuild/protobuf";
import type { MergeRequestSchema } from "#proto/gastown/v1/merge_queue_service_pb.ts";
import type { Bead } from "#services/ledger/bead.ts";
import {
  attemptsField,
  gatesField,
  landedCommitField,
  mergeField,
  mergeReasonField,
  mergeStateField,
  workField,
} from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { mergeQueue } from "#services/merge-queue/queue.ts";
import { timestampOf } from "../bead-message.ts";

type MergeRequestInit = MessageInitShape<typeof MergeRequestSchema>;

/** Show merge requests of one moment; use it at once for as many as are wanted. */
export function mergeRequestShower(world: World): (request: Bead) => MergeRequestInit {
  const queues = new Map<string, ReadonlyMap<string, number>>();
  const placeOf = (request: Bead): number => {
    const rig = mergeField.read(request)?.rig;
    if (rig === undefined || request.status === "closed") return 0;
    const queue = queues.get(rig) ?? placesOf(world, rig);
    queues.set(rig, queue);
    return queue.get(request.uid) ?? 0;
  };
  return (request) => {
    const merge = mergeField.read(request);
    const work = world.bead(workField.read(request) ?? "");
    const submitted = timestampOf(request.createdAt);
    const settled = timestampOf(request.closedAt);
    return {
      id: request.id,
      rig: merge?.rig ?? "",
      bead: work?.id ?? "",
      epoch: merge?.epoch ?? "",
      branch: merge?.branch ?? "",
      commit: merge?.commit ?? "",
      target: merge?.target ?? "",
      worker: merge?.worker ?? "",
      priority: request.priority,
      state: mergeStateField.read(request) ?? "queued",
      position: placeOf(request),
      attempts: attemptsField.read(request) ?? 0,
      landedCommit: landedCommitField.read(request) ?? "",
      reason: mergeReasonField.read(request) ?? "",
      gates: (gatesField.read(request) ?? []).map((gate) => ({
        ...gate,
        elapsedMs: BigInt(Math.round(gate.elapsedMs)),
      })),
      ...(submitted && { submitTime: submitted }),
      ...(settled && { settleTime: settled }),
    };
  };
}

function placesOf(world: World, rig: string): ReadonlyMap<string, number> {
  return new Map(mergeQueue(world, rig).map(({ uid, position }) => [uid, position]));
}

/** Show one merge request as it is now. */
export function showMergeRequest(request: Bead, world: World): MergeRequestInit {
  return mergeRequestShower(world)(request);
}
