import type { Worker } from "#services/identity/worker.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";
import type { Draft } from "#services/ledger/event.ts";
import { exitField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { shutdownLetter } from "#services/mail/letters.ts";
import { sendMail } from "#services/mail/mail.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { completeDraft, refusedWorker } from "./advance.ts";
import { findStep, moleculeOf } from "./progress.ts";

/** Whether a worker may ask to be ended now. No drafts where it has asked before. */
export type Shutdown =
  | { readonly do: "ask"; readonly drafts: readonly Draft[] }
  | { readonly do: "refuse"; readonly error: TownError };

/**
 * The last act of a worker: it has left by an exit, or its attempt was taken from it. `state` while
 * it still holds its work.
 */
export function requestShutdown(world: World, work: Bead, worker: Worker): Shutdown {
  const exit = exitField.read(work);
  const left = exit !== undefined && claimEpoch(exit.epoch) === claimEpoch(worker.epoch);
  const over = refusedWorker(work, worker);
  if (!left && over?.reason !== "stale") {
    const advice = 'choose an exit first (`gt exit completed --summary "…"`, or another)';
    const message = `${worker.agent} still holds ${work.id}: ${advice}`;
    return { do: "refuse", error: over ?? new TownError("state", message) };
  }
  const letter = shutdownLetter({ ...worker, work }, left ? exit.kind : "stale");
  const step = left && closeStep(world, work, worker, exit.kind);
  return { do: "ask", drafts: [...sendMail(world, letter), ...(step ? [step] : [])] };
}

/** Only under the claim that still counts: a late close would say nothing but that it was late. */
function closeStep(world: World, work: Bead, worker: Worker, exit: string): Draft | undefined {
  if (work.claim?.epoch !== claimEpoch(worker.epoch)) return undefined;
  const molecule = moleculeOf(world, work.uid);
  const step = molecule && findStep(molecule, "request-shutdown");
  if (!step || step.state === "done") return undefined;
  return completeDraft(step, worker, { summary: `asked after ${exit}`, commit: "" });
}
