import { toJson } from "@bufbuild/protobuf";
import type { Bead } from "#proto/gastown/v1/bead_pb.ts";
import {
  GetMergeRequestResponseSchema,
  MergeQueueService,
  type MergeRequest,
} from "#proto/gastown/v1/merge_queue_service_pb.ts";
import { GetBeadResponseSchema, WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import { beadPage } from "./bead-view.ts";
import type { Session } from "./session.ts";
import { type Declare, example } from "./verb.ts";

/** Declare `gt show`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<id>", "the bead's id, former id or uid")
    .addHelpText("after", example("gt show alpha-k3f9"))
    .action(act(show));
};

async function show(gt: Session, id: string): Promise<void> {
  const response = await gt.call(WorkService.method.getBead, { id });
  const { bead } = response;
  if (bead === undefined) throw new TownError("not_found", `no bead ${id}`);
  const request = await mergeRequestOf(gt, bead.id);
  if (!gt.json) {
    const waits = await waitsOf(gt, bead);
    return gt.printValue(undefined, beadPage({ ...bead, blockedBy: waits }, request, gt.terminal));
  }
  const emit = { alwaysEmitImplicit: true };
  const shown = toJson(GetBeadResponseSchema, response, emit);
  const wrapped = { $typeName: GetMergeRequestResponseSchema.typeName, mergeRequest: request };
  if (request === undefined) return gt.printValue(shown, "");
  const landing = toJson(
    GetMergeRequestResponseSchema,
    { ...wrapped, mergeRequest: request },
    emit,
  );
  gt.printValue(Object.assign({}, shown, landing), "");
}

/**
 * Of a bead that was put aside, by whom and why; that it is, its status says. That a bead in work
 * is held blocks nobody who reads this: its claim says who works on it.
 */
async function waitsOf(gt: Session, { id, status, blockedBy }: Bead): Promise<string[]> {
  if (status !== "deferred" && status !== "blocked") {
    return blockedBy.filter((line) => !line.startsWith("held by "));
  }
  const { placement } = await gt.call(WorkService.method.explainBead, { id });
  return placement?.reasons ?? blockedBy;
}

/** Most beads have none, and a rig-agent may not know. */
async function mergeRequestOf(gt: Session, bead: string): Promise<MergeRequest | undefined> {
  try {
    const found = await gt.call(MergeQueueService.method.getMergeRequest, { id: bead });
    return found.mergeRequest;
  } catch (error) {
    if (isTownError(error, "not_found", "unimplemented")) return undefined;
    throw error;
  }
}
