import { MergeQueueService } from "#proto/gastown/v1/merge_queue_service_pb.ts";
import type { Worker } from "#services/identity/worker.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { requestKey } from "#services/ledger/ids.ts";
import { rigNamed } from "#services/ledger/rigs.ts";
import type { World } from "#services/ledger/world.ts";
import { refusedWorker } from "#services/molecules/advance.ts";
import { mergeRequestUid } from "#services/molecules/leave.ts";
import { refusedPush, refusedSubmission, submitDrafts } from "#services/molecules/submit.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { mutate } from "../mutate.ts";
import { callingWorker, type WorkerPorts } from "../worker-ports.ts";
import { showMergeRequest } from "./merge-request-message.ts";

type Submit = MethodImpl<typeof MergeQueueService.method.submitMergeRequest>;
type Ports = Pick<WorkerPorts, "ledger" | "worker" | "pushBranch" | "ring">;

const method = MergeQueueService.method.submitMergeRequest;

/** Push the caller's branch and ask the Refinery to land it; one request for each claim. */
export function submitMergeRequest(ports: Ports): Submit {
  return async (request, context) => {
    const { ledger } = ports;
    const { principal, requestId, signal } = context;
    const { worker, work } = callingWorker(ports, principal);
    if (request.bead !== "" && request.bead !== work.id && request.bead !== work.uid) {
      throw new TownError("denied", `${principal} works on ${work.id}, not on ${request.bead}`);
    }
    const uid = mergeRequestUid(work.uid, worker.epoch);
    let commit = "";
    if (!ledger.world.requested(requestKey(principal, requestId))) {
      refuseUnlessDue(ledger.world, work, worker);
      if (!ledger.world.bead(uid)) {
        const pushed = await ports.pushBranch(worker, signal);
        const refused = refusedPush(pushed, work);
        if (refused) throw refused;
        commit = pushed.commit;
      }
    }
    const { repeated } = await mutate(ledger, method, request, context, () => {
      // Pushing took a while: the claim is looked at again.
      const now = ledger.world.bead(work.uid) ?? work;
      refuseUnlessDue(ledger.world, now, worker);
      const target = rigNamed(ledger.world, worker.rig)?.rig.target;
      if (target === undefined) throw new TownError("not_found", `no rig ${worker.rig}`);
      return { bead: uid, drafts: submitDrafts(ledger.world, now, worker, { commit, target }) };
    });
    if (!repeated) ports.ring();
    const mergeRequest = ledger.world.bead(uid);
    if (!mergeRequest) throw new Error(`${uid} is not there after it was written`);
    return { mergeRequest: showMergeRequest(mergeRequest, ledger.world) };
  };
}

/** A request that is there already is answered for, unless another attempt holds the work now. */
function refuseUnlessDue(world: World, work: Bead, worker: Worker): void {
  const held = world.bead(mergeRequestUid(work.uid, worker.epoch));
  const refused = held ? refusedWorker(work, worker) : refusedSubmission(world, work, worker);
  if (refused && (!held || refused.reason === "stale")) throw refused;
}
