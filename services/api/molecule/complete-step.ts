import { MoleculeService } from "#proto/gastown/v1/molecule_service_pb.ts";
import type { Worker } from "#services/identity/worker.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { requestKey } from "#services/ledger/ids.ts";
import type { World } from "#services/ledger/world.ts";
import { type Advance, advanceByHand, completeDraft } from "#services/molecules/advance.ts";
import { findStep, moleculeOf, nextStep } from "#services/molecules/progress.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import { mutate } from "../mutate.ts";
import { callingWorker, type WorkerPorts } from "../worker-ports.ts";
import { stepMessage } from "./molecule-message.ts";

type CompleteStep = MethodImpl<typeof MoleculeService.method.completeStep>;
type Ports = Pick<WorkerPorts, "ledger" | "worker" | "checkpoint" | "ring">;

const method = MoleculeService.method.completeStep;
const summaryCharsMax = 4_000;

/** Complete one step of the caller's molecule, with what it did pushed first. */
export function completeStep(ports: Ports): CompleteStep {
  return async (request, context) => {
    const { ledger } = ports;
    const { worker, work } = callingWorker(ports, context.principal);
    const commit = await savedCommit(ports, worker, work, request.step, context);
    // Pushing took a while; whether the step may be closed is asked of the world as it is now.
    const { bead, repeated } = await mutate(ledger, method, request, context, () => {
      const now = judge(ledger.world, work, worker, request.step);
      const summary = request.summary.slice(0, summaryCharsMax);
      const drafts =
        now.do === "complete" ? [completeDraft(now.step, worker, { summary, commit })] : [];
      return { bead: now.step.bead.uid, drafts };
    });
    if (!repeated) ports.ring();
    return answer(ledger.world, work.uid, bead.uid);
  };
}

/** The pushed commit with the step's work, or empty where there is nothing to push it for. */
async function savedCommit(
  { ledger, checkpoint }: Ports,
  worker: Worker,
  work: Bead,
  step: string,
  context: Parameters<CompleteStep>[1],
): Promise<string> {
  const { principal, requestId, signal } = context;
  if (ledger.world.requested(requestKey(principal, requestId))) return "";
  if (judge(ledger.world, work, worker, step).do === "nothing") return "";
  try {
    return (await checkpoint(worker, signal)) ?? "";
  } catch (error) {
    // With the remote away the work goes on; a later step's commit holds this one's work too.
    if (isTownError(error) && error.reason !== "cancelled") return "";
    throw error;
  }
}

function judge(
  world: World,
  { uid, id }: Bead,
  worker: Worker,
  wanted: string,
): Exclude<Advance, { do: "refuse" }> {
  const molecule = moleculeOf(world, uid);
  if (!molecule) throw new TownError("state", `${id} has no molecule now`);
  const decided = advanceByHand(molecule, worker, wanted);
  if (decided.do === "refuse") throw decided.error;
  return decided;
}

function answer(world: World, workUid: string, stepUid: string) {
  const molecule = moleculeOf(world, workUid);
  const step = molecule && findStep(molecule, stepUid);
  const next = molecule && nextStep(molecule);
  return {
    ...(step && { step: stepMessage(step) }),
    ...(next && { next: stepMessage(next) }),
  };
}
