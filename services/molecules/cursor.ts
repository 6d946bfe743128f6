import { claimEpoch } from "#services/ledger/epoch.ts";
import type { Cursor } from "#services/ledger/event.ts";
import { savedField } from "#services/ledger/work-fields.ts";
import { closingVerbs } from "./advance.ts";
import type { MoleculeView, StepView } from "./progress.ts";

/**
 * What a new claim may regard as done, after its worker was lost, came to a halt or was handed off:
 * the steps done one after the other, up to the last that names a pushed commit; all of them where
 * the attempt was ended with everything it held pushed. Leaving is each attempt's own.
 *
 * Not for work that was rejected: there the commits themselves are in question.
 */
export function cursorOf(molecule: MoleculeView): Cursor {
  const open = molecule.steps.findIndex(
    ({ name, state }) => state !== "done" || Object.hasOwn(closingVerbs, name),
  );
  const done = open < 0 ? molecule.steps : molecule.steps.slice(0, open);
  const saved = savedUnder(molecule);
  if (saved !== undefined) return { steps: commitsOf(done, saved), commit: saved };
  const last = done.findLastIndex(({ commit }) => commit !== "");
  const kept = done.slice(0, last + 1);
  return { steps: commitsOf(kept, ""), commit: newestOf(molecule, kept) };
}

/** The commit with all that the last attempt did, where its machine could end it in good order. */
function savedUnder({ work, epoch }: MoleculeView): string | undefined {
  const saved = work && savedField.read(work);
  return saved && claimEpoch(saved.epoch) === epoch ? saved.commit : undefined;
}

/** What this attempt pushed with a step of its own; before its first, what it began with. */
function newestOf({ work, epoch }: MoleculeView, kept: readonly StepView[]): string {
  const own = kept.findLast(
    ({ bead, commit }) => commit !== "" && bead.closes.includes(`step:${epoch}`),
  );
  return own?.commit || work?.claim?.continueFrom || kept.at(-1)?.commit || "";
}

/** Each step with its commit; one that pushed nothing of its own is part of `otherwise`. */
function commitsOf(steps: readonly StepView[], otherwise: string): Cursor["steps"] {
  return Object.fromEntries(steps.map(({ bead, commit }) => [bead.uid, commit || otherwise]));
}
