import type { Worker } from "#services/identity/worker.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { addComment, releaseBead, setFields } from "#services/ledger/drafts.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";
import type { Draft } from "#services/ledger/event.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { type ExitKind, exitField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { exitLetter } from "#services/mail/letters.ts";
import { sendMail } from "#services/mail/mail.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { completeDraft, refusedWorker } from "./advance.ts";
import { fileBlocker } from "./file-blocker.ts";
import { fileParts } from "./file-parts.ts";
import { findStep, moleculeOf, openSteps } from "./progress.ts";

/** How a worker wants to leave. */
export type Departure = {
  readonly kind: ExitKind;
  /** What was done, or why it cannot go on. */
  readonly summary: string;
  /** BLOCKED: the bead it waits for, or the title of one to be filed. */
  readonly blocker: string;
  /** REFACTOR: titles of the parts. */
  readonly parts: readonly string[];
  /** The uid of the nth bead that leaving makes, counted from 0. */
  readonly newUid: (index: number) => string;
};

/** Whether a worker may leave so, and what is written then. */
export type Leave =
  | { readonly do: "leave"; readonly drafts: readonly Draft[] }
  | { readonly do: "nothing" }
  | { readonly do: "refuse"; readonly error: TownError };

/**
 * Take one of the four exits. Each passes through the molecule's `exit-decision`, the last three
 * from wherever the worker stands: that it could not go on is what they say.
 *
 * Refuses as `advance` does, with `state` naming what `COMPLETED` still lacks, and `invalid` or
 * `not_found` for a blocker or parts that do not make sense.
 */
export function leave(world: World, work: Bead, worker: Worker, wanted: Departure): Leave {
  const before = exitField.read(work);
  if (before && claimEpoch(before.epoch) === claimEpoch(worker.epoch)) {
    if (before.kind === wanted.kind) return { do: "nothing" };
    const message = `${worker.agent} has left ${work.id} as ${before.kind} already`;
    return { do: "refuse", error: new TownError("state", message) };
  }
  const error =
    refusedWorker(work, worker) ??
    (wanted.kind === "COMPLETED"
      ? refusedCompletion(world, work, worker)
      : refusedAbandonment(world, work, worker, wanted));
  if (error) return { do: "refuse", error };
  const { kind, summary } = wanted;
  const exit = { [exitField.name]: { kind, epoch: worker.epoch, summary } };
  const first = setFields(work.uid, exit, worker.epoch);
  const decision = closeDecision(world, work, worker, wanted);
  if (wanted.kind === "COMPLETED") return { do: "leave", drafts: [first, ...decision] };
  const filed = fileWhatStays(world, work, worker, wanted);
  if (filed instanceof TownError) return { do: "refuse", error: filed };
  const reason = `${kind}: ${summary}`.slice(0, 500);
  return {
    do: "leave",
    drafts: [
      first,
      ...decision,
      ...filed.drafts,
      addComment(work.uid, {
        author: worker.agent,
        text: [`${wanted.kind}: ${wanted.summary}`, ...filed.lines].join("\n"),
      }),
      // The release comes last, so that nobody takes up the bead before it is all said. A blocked
      // bead comes back by itself once its blocker is closed; by its kind the others are deferred.
      releaseBead(work.uid, claimEpoch(worker.epoch), reason, wanted.kind),
      ...tellOverseer(world, work, worker, wanted, filed.lines),
    ],
  };
}

/** The uid of the merge request of one claim of a bead. */
export function mergeRequestUid(workUid: string, epoch: string): string {
  return derivedUid("merge-request", workUid, claimEpoch(epoch));
}

/** What an exit leaves behind, beside the words: drafts, and lines for the record. */
export type Filed = { readonly drafts: readonly Draft[]; readonly lines: readonly string[] };

function fileWhatStays(
  world: World,
  work: Bead,
  worker: Worker,
  wanted: Departure,
): Filed | TownError {
  if (wanted.kind === "BLOCKED") return fileBlocker(world, work, worker, wanted);
  if (wanted.kind === "REFACTOR") return fileParts(world, work, worker, wanted);
  return { drafts: [], lines: [] };
}

function refusedCompletion(world: World, work: Bead, worker: Worker): TownError | undefined {
  const molecule = moleculeOf(world, work.uid);
  // Landed and squashed before the worker came to say so: its request is the proof.
  const open = molecule ? openSteps(molecule, "exit-decision", "request-shutdown") : [];
  const violations = open.map(({ bead, name, title }) => ({
    field: bead.id,
    description: `step ${name} ("${title}") is not done`,
  }));
  if (!world.bead(mergeRequestUid(work.uid, worker.epoch))) {
    const description = `nothing was submitted under epoch ${claimEpoch(worker.epoch)}`;
    violations.push({ field: work.id, description: `${description}: \`gt submit\`` });
  }
  if (violations.length === 0) return undefined;
  const missing = violations.map(({ description }) => description).join("; ");
  return new TownError("state", `${work.id} is not completed: ${missing}`, { violations });
}

function refusedAbandonment(
  world: World,
  work: Bead,
  worker: Worker,
  { kind, summary }: Departure,
): TownError | undefined {
  const request = world.bead(mergeRequestUid(work.uid, worker.epoch));
  if (request) {
    const message = `${work.id} was submitted as ${request.id}: leave as COMPLETED, not ${kind}`;
    return new TownError("state", message);
  }
  if (summary.trim() !== "") return undefined;
  const description = `say why: --summary is what others learn of the exit ${kind}`;
  const violations = [{ field: "summary", description }];
  return new TownError("invalid", description, { violations });
}

function closeDecision(world: World, work: Bead, worker: Worker, wanted: Departure): Draft[] {
  const molecule = moleculeOf(world, work.uid);
  const step = molecule && findStep(molecule, "exit-decision");
  if (!step || step.state === "done") return [];
  const summary = [wanted.kind, wanted.summary].filter((part) => part !== "").join(": ");
  return [completeDraft(step, worker, { summary, commit: "" })];
}

function tellOverseer(
  world: World,
  work: Bead,
  worker: Worker,
  { kind, summary }: Departure,
  lines: readonly string[],
): Draft[] {
  const attempt = { ...worker, work };
  return sendMail(world, exitLetter(attempt, kind, [summary, ...lines]));
}
