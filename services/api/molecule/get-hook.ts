import type { MoleculeService } from "#proto/gastown/v1/molecule_service_pb.ts";
import type { Worker } from "#services/identity/worker.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { rigOf } from "#services/ledger/rigs.ts";
import type { World } from "#services/ledger/world.ts";
import { hookOf } from "#services/molecules/pin.ts";
import { continueFrom, findMolecule, nextStep } from "#services/molecules/progress.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { assignmentOf } from "#services/runtime/presets.ts";
import { showBead } from "../bead-message.ts";
import type { WorkerPorts } from "../worker-ports.ts";
import { moleculeMessage, stepMessage } from "./molecule-message.ts";

type GetHook = MethodImpl<typeof MoleculeService.method.getHook>;

/** What hangs on an agent's hook; a worker's own is known by its claim, even before the pin. */
export function getHook(ports: Pick<WorkerPorts, "ledger" | "worker" | "nowMs">): GetHook {
  return async ({ agent: wanted }, { principal }) => {
    const { world } = ports.ledger;
    const agent = wanted || principal;
    const worker = agent === principal ? ports.worker(principal) : undefined;
    const molecule = findMolecule(world, worker?.beadUid ?? hookOf(world, agent) ?? "");
    const work = molecule?.work ?? (worker && world.bead(worker.beadUid));
    const next = molecule && nextStep(molecule);
    return {
      agent,
      ...(molecule && { molecule: moleculeMessage(molecule) }),
      ...(work && { bead: showBead(work, world, ports.nowMs()) }),
      ...(next && { next: stepMessage(next) }),
      continueFrom: molecule ? continueFrom(molecule) : "",
      ...place(worker),
      ...(work && runs(world, work)),
    };
  };
}

function place(worker: Worker | undefined) {
  return { worktree: worker?.worktree ?? "", branch: worker?.branch ?? "" };
}

/** How the work is to be done, and what it must pass. */
function runs(world: World, work: Bead) {
  const gates = rigOf(work, world)?.rig.gates ?? [];
  return { ...assignmentOf(world, work), gates: gates.map(({ command }) => command) };
}
