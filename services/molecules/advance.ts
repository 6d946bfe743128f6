import type { Worker } from "#services/identity/worker.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { closeBead } from "#services/ledger/drafts.ts";
import { claimEpoch, compareEpochs, parseEpoch } from "#services/ledger/epoch.ts";
import type { Draft } from "#services/ledger/event.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { findStep, type MoleculeView, missingFor, type StepView } from "./progress.ts";

/** Steps that are closed by what they ask for, and by nothing else. */
export const closingVerbs: Readonly<Record<string, string>> = {
  submit: "gt submit",
  "exit-decision": "gt exit",
  "request-shutdown": "gt shutdown",
};

/** Whether a worker may complete a step now. */
export type Advance =
  | { readonly do: "complete"; readonly step: StepView }
  | { readonly do: "nothing"; readonly step: StepView }
  | { readonly do: "refuse"; readonly error: TownError };

/**
 * May this worker complete this step? One that is done stays done; doing it twice is no failure.
 *
 * Refuses as `stale` where another attempt holds the work, `denied` where it is not the worker's,
 * `state` naming what is missing, `not_found` naming the steps there are.
 */
export function advance(molecule: MoleculeView, worker: Worker, wanted: string): Advance {
  const { work } = molecule;
  const refused = work
    ? refusedWorker(work, worker)
    : new TownError("state", `the work of ${molecule.root.id} has not arrived here yet`);
  if (refused) return { do: "refuse", error: refused };
  const step = findStep(molecule, wanted);
  if (!step) {
    const known = molecule.steps.map(({ name }) => name).join(", ");
    const message = `no step ${wanted} in ${molecule.root.id}; there are ${known}`;
    const resource = { type: "step", name: wanted };
    return { do: "refuse", error: new TownError("not_found", message, { resource }) };
  }
  if (step.state === "done") return { do: "nothing", step };
  const missing = missingFor(molecule, step);
  if (missing.length > 0) {
    const message = `${step.name} cannot be completed yet: ${missing.join("; ")}`;
    const violations = missing.map((description) => ({ field: step.bead.id, description }));
    return { do: "refuse", error: new TownError("state", message, { violations }) };
  }
  return { do: "complete", step };
}

/** The same, for what a worker calls by hand: the last steps have verbs of their own. */
export function advanceByHand(molecule: MoleculeView, worker: Worker, wanted: string): Advance {
  const answer = advance(molecule, worker, wanted);
  if (answer.do !== "complete") return answer;
  const verb = closingVerbs[answer.step.name];
  if (verb === undefined) return answer;
  const message = `${answer.step.name} is completed by \`${verb}\``;
  return { do: "refuse", error: new TownError("state", message) };
}

/** Close a step for a worker. Closing it twice under one claim is closing it once. */
export function completeDraft(
  step: StepView,
  worker: Worker,
  done: { readonly summary: string; readonly commit: string },
): Draft {
  return closeBead(step.bead.uid, {
    close: `step:${claimEpoch(worker.epoch)}`,
    kind: "done",
    reason: done.summary || "done",
    epoch: worker.epoch,
    commit: done.commit,
  });
}

/** Why a worker may do nothing to its bead any more; undefined while it holds the highest claim. */
export function refusedWorker(work: Bead, worker: Worker): TownError | undefined {
  const { claim } = work;
  const mine = worker.epoch;
  if (!claim) return new TownError("state", `${work.id} is not claimed by anybody`);
  const order = compareEpochs(claim.epoch, mine);
  if (order > 0) {
    const holder = `${claim.polecat} on ${claim.machine}`;
    const message = `${work.id} is now claimed as ${claim.epoch} by ${holder}; ${mine} is over`;
    return new TownError("stale", message);
  }
  if (order < 0) return new TownError("state", `${mine} of ${work.id} has not arrived here yet`);
  if (claim.polecat !== worker.agent) {
    return new TownError("denied", `${work.id} is ${claim.polecat}'s, not ${worker.agent}'s`);
  }
  if (claim.respawn !== undefined && claim.respawn > (parseEpoch(mine).respawn ?? 0)) {
    const message = `${worker.agent} was started again as ${claim.epoch}.${claim.respawn}`;
    return new TownError("stale", `${message}; ${mine} is over`);
  }
  if (claim.released) {
    const why = claim.exit === undefined ? "" : ` (${claim.exit})`;
    return new TownError("stale", `the attempt ${claim.epoch} at ${work.id} is over${why}`);
  }
  return undefined;
}
