import type { MergeQueueService } from "#proto/gastown/v1/merge_queue_service_pb.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { forRequest } from "#services/ledger/drafts.ts";
import { requestKey } from "#services/ledger/ids.ts";
import { rigNamed } from "#services/ledger/rigs.ts";
import { refusedWorker } from "#services/molecules/advance.ts";
import { mergeRequestUid } from "#services/molecules/leave.ts";
import { refusedPush, refusedSubmission, submitDrafts } from "#services/molecules/submit.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { callingWorker, type WorkerPorts } from "../worker-ports.ts";

type Submit = MethodImpl<typeof MergeQueueService.method.submitMergeRequest>;
type Ports = Pick<WorkerPorts, "ledger" | "worker" | "pushBranch" | "ring" | "showMergeRequest">;

/** Push the caller's branch and ask the Refinery to land it; one request for each claim. */
export function submitMergeRequest(ports: Ports): Submit {
  return async ({ bead }, { principal, requestId, signal }) => {
    const { ledger } = ports;
    const { worker, work } = callingWorker(ports, principal);
    if (bead !== "" && bead !== work.id && bead !== work.uid) {
      throw new TownError("denied", `${principal} works on ${work.id}, not on ${bead}`);
    }
    const uid = mergeRequestUid(work.uid, worker.epoch);
    const shown = (request: Bead) => ({ mergeRequest: ports.showMergeRequest(request) });
    const held = ledger.world.bead(uid);
    const stale = refusedWorker(work, worker);
    if (held && stale?.reason !== "stale") return shown(held);
    const early = stale ?? refusedSubmission(ledger.world, work, worker);
    if (early) throw early;
    const target = rigNamed(ledger.world, worker.rig)?.rig.target;
    if (target === undefined) throw new TownError("not_found", `no rig ${worker.rig}`);
    const pushed = await ports.pushBranch(worker, signal);
    const refused =
      refusedPush(pushed, work) ??
      // Pushing took a while: the claim is looked at again.
      refusedSubmission(ledger.world, ledger.world.bead(work.uid) ?? work, worker);
    if (refused) throw refused;
    const { commit } = pushed;
    const drafts = submitDrafts(ledger.world, work, worker, { commit, target });
    await ledger.append(principal, forRequest(requestKey(principal, requestId), drafts));
    ports.ring();
    const request = ledger.world.bead(uid);
    if (!request) throw new Error(`the merge request ${uid} is not there after it was written`);
    return shown(request);
  };
}
