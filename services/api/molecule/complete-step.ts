import type { MoleculeService } from "#proto/gastown/v1/molecule_service_pb.ts";
import type { Worker } from "#services/identity/worker.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { forRequest } from "#services/ledger/drafts.ts";
import { requestKey } from "#services/ledger/ids.ts";
import type { World } from "#services/ledger/world.ts";
import { type Advance, advanceByHand, completeDraft } from "#services/molecules/advance.ts";
import { findStep, moleculeOf, nextStep } from "#services/molecules/progress.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import { callingWorker, type WorkerPorts } from "../worker-ports.ts";
import { stepMessage } from "./molecule-message.ts";

type CompleteStep = MethodImpl<typeof MoleculeService.method.completeStep>;
type Ports = Pick<WorkerPorts, "ledger" | "worker" | "checkpoint" | "ring">;

const summaryCharsMax = 4_000;

/** Complete one step of the caller's molecule, with what it did pushed first. */
export function completeStep(ports: Ports): CompleteStep {
  return async ({ step: wanted, summary }, { principal, requestId, signal }) => {
    const { worker, work } = callingWorker(ports, principal);
    const { world } = ports.ledger;
    const key = requestKey(principal, requestId);
    const before = world.requested(key);
    if (before) return answer(world, work.uid, before.bead);
    const first = judge(world, work, worker, wanted);
    if (first.do === "nothing") return answer(world, work.uid, first.step.bead.uid);
    const commit = await savedCommit(ports, worker, signal);
    // Pushing took a while; whether the step may be closed is asked of the world as it is now.
    const now = judge(world, work, worker, wanted);
    if (now.do === "complete") {
      const done = { summary: summary.slice(0, summaryCharsMax), commit };
      const drafts = forRequest(key, [completeDraft(now.step, worker, done)]);
      await ports.ledger.append(principal, drafts);
      ports.ring();
    }
    return answer(world, work.uid, now.step.bead.uid);
  };
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

/** With the remote away the work goes on; a later step's commit holds this one's work too. */
async function savedCommit(
  { checkpoint }: Pick<Ports, "checkpoint">,
  worker: Worker,
  signal: AbortSignal,
): Promise<string> {
  try {
    return (await checkpoint(worker, signal)) ?? "";
  } catch (error) {
    if (isTownError(error) && error.reason !== "cancelled") return "";
    throw error;
  }
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
