import type { Worker } from "#services/identity/worker.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { createBead } from "#services/ledger/drafts.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";
import type { Draft } from "#services/ledger/event.ts";
import {
  attemptsField,
  mergeField,
  mergeStateField,
  workField,
} from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { advance, completeDraft } from "./advance.ts";
import { mergeRequestUid } from "./leave.ts";
import { moleculeOf } from "./progress.ts";

/** What pushing a worker's branch found: the commit there now, and what is not part of it. */
export type Pushed = {
  readonly commit: string;
  /** Paths with changes that no commit has. */
  readonly dirty: readonly string[];
  /** Commits that the target does not have. */
  readonly ahead: number;
};

/** Why a worker may not submit now; undefined if it may, or has done so already. */
export function refusedSubmission(world: World, work: Bead, worker: Worker): TownError | undefined {
  const molecule = moleculeOf(world, work.uid);
  if (!molecule) return new TownError("state", `${work.id} has no molecule to submit from`);
  const answer = advance(molecule, worker, "submit");
  return answer.do === "refuse" ? answer.error : undefined;
}

/** Why what was pushed cannot become a merge request, and what to do about it. */
export function refusedPush({ dirty, ahead }: Pushed, work: Bead): TownError | undefined {
  if (dirty.length > 0) {
    const shown = dirty.slice(0, 5).join(", ") + (dirty.length > 5 ? ", …" : "");
    const advice = "commit it (`git add -A && git commit`) or remove it, then submit again";
    const message = `${work.id} has uncommitted changes in ${shown}: ${advice}`;
    const violations = dirty.map((path) => ({ field: path, description: "not committed" }));
    return new TownError("state", message, { violations });
  }
  if (ahead > 0) return undefined;
  const advice = 'commit the work, or leave with `gt exit escalate --summary "…"`';
  return new TownError("state", `the branch of ${work.id} has nothing to merge: ${advice}`);
}

/** File the merge request of a worker's claim, and close the step that asks for it. */
export function submitDrafts(
  world: World,
  work: Bead,
  worker: Worker,
  merge: { readonly commit: string; readonly target: string },
): Draft[] {
  const uid = mergeRequestUid(work.uid, worker.epoch);
  if (world.bead(uid)) return [];
  const epoch = claimEpoch(worker.epoch);
  const { rig, branch, agent } = worker;
  const request = createBead({
    uid,
    id: `${work.id}.mr-${epoch.replace(".", "-")}`,
    title: `Land ${work.id}: ${work.title}`.slice(0, 500),
    issueType: "merge-request",
    priority: work.priority,
    assignee: `rigs/${rig}/refinery`,
    fields: {
      [workField.name]: work.uid,
      [mergeField.name]: { rig, branch, ...merge, epoch, worker: agent },
      [mergeStateField.name]: "queued",
      [attemptsField.name]: 0,
    },
  });
  const molecule = moleculeOf(world, work.uid);
  const step = molecule && advance(molecule, worker, "submit");
  if (step?.do !== "complete") return [request];
  const summary = `submitted ${merge.commit.slice(0, 12)} for ${merge.target}`;
  return [request, completeDraft(step.step, worker, { summary, commit: merge.commit })];
}
