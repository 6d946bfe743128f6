import type { Cursor } from "#services/ledger/event.ts";
import { closingVerbs } from "./advance.ts";
import type { MoleculeView } from "./progress.ts";

/**
 * What a new claim may regard as done, after its worker was lost or came to a halt: the steps done
 * one after the other, up to the last that names a pushed commit. Leaving is each attempt's own.
 *
 * Not for work that was rejected: there the commits themselves are in question.
 */
export function cursorOf(molecule: MoleculeView): Cursor {
  const open = molecule.steps.findIndex(
    ({ name, state }) => state !== "done" || Object.hasOwn(closingVerbs, name),
  );
  const done = open < 0 ? molecule.steps : molecule.steps.slice(0, open);
  const last = done.findLastIndex(({ commit }) => commit !== "");
  const kept = done.slice(0, last + 1);
  return {
    steps: Object.fromEntries(kept.map(({ bead, commit }) => [bead.uid, commit])),
    commit: kept.at(-1)?.commit ?? "",
  };
}
