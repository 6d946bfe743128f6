import { type Bead, type Claim, textField } from "#services/ledger/bead.ts";
import {
  formulaField,
  moleculeField,
  orderField,
  stepField,
  workField,
} from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";

/** pending: its needs are open. late: closed, but under an epoch that no longer counts. */
export type StepState = "pending" | "ready" | "done" | "late";

/** One step as its molecule shows it. */
export type StepView = {
  readonly bead: Bead;
  readonly name: string;
  readonly title: string;
  readonly instructions: string;
  /** Names of the steps before it. */
  readonly needs: readonly string[];
  readonly state: StepState;
  /** It may be worked on: its needs are done and it is not, be it for the first time or again. */
  readonly ready: boolean;
  /** The pushed commit that its close names, or empty. */
  readonly commit: string;
};

/** A molecule with its steps in order. */
export type MoleculeView = {
  readonly root: Bead;
  readonly work: Bead | undefined;
  readonly formula: string;
  /** The highest claim's epoch, or empty where nobody claimed the work yet. */
  readonly epoch: string;
  readonly steps: readonly StepView[];
};

/** The molecule of a work bead; undefined before it is poured and after it is squashed. */
export function moleculeOf(world: World, workUid: string): MoleculeView | undefined {
  const parts = world.ofWork(workUid).filter((bead) => !bead.deleted);
  const root = parts.find((bead) => bead.issueType === "molecule");
  return root && viewMolecule(world, root, parts);
}

/** A molecule by its root, one of its steps, or the work it belongs to; by id or uid. */
export function findMolecule(world: World, idOrUid: string): MoleculeView | undefined {
  const bead = world.bead(idOrUid);
  if (!bead || bead.deleted) return undefined;
  const belongs = bead.issueType === "molecule" || moleculeField.read(bead) !== undefined;
  return moleculeOf(world, (belongs && workField.read(bead)) || bead.uid);
}

function viewMolecule(world: World, root: Bead, parts: readonly Bead[]): MoleculeView {
  const work = world.bead(workField.read(root) ?? "");
  const claim = work?.claim;
  const beads = parts
    .filter((bead) => moleculeField.read(bead) === root.uid)
    .sort((a, b) => orderOf(a) - orderOf(b) || (a.id < b.id ? -1 : 1));
  const byUid = new Map(beads.map((bead) => [bead.uid, bead]));
  const steps = beads.map((bead): StepView => {
    const before = bead.dependencies.flatMap(({ type, uid }) => {
      const need = type === "blocks" && uid !== undefined ? byUid.get(uid) : undefined;
      return need ? [need] : [];
    });
    const done = isDone(bead, claim);
    const ready = !done && before.every((need) => isDone(need, claim));
    const open = bead.late ? "late" : ready ? "ready" : "pending";
    return {
      bead,
      name: stepName(bead),
      title: bead.title,
      instructions: textField(bead, "description"),
      needs: before.sort((a, b) => orderOf(a) - orderOf(b)).map(stepName),
      state: done ? "done" : open,
      ready,
      commit: bead.closeCommit || claim?.done[bead.uid] || "",
    };
  });
  const formula = formulaField.read(root) ?? "";
  return { root, work, formula, epoch: claim?.epoch ?? "", steps };
}

/** A cursor's word holds even where the close that it speaks of has not arrived here yet. */
function isDone(step: Bead, claim: Claim | undefined): boolean {
  return step.status === "closed" || (claim !== undefined && Object.hasOwn(claim.done, step.uid));
}

function stepName(step: Bead): string {
  return stepField.read(step) ?? step.id;
}

function orderOf(step: Bead): number {
  return orderField.read(step) ?? Number.MAX_SAFE_INTEGER;
}

/** The first step that may be worked on; undefined when all are done. */
export function nextStep(molecule: MoleculeView): StepView | undefined {
  return molecule.steps.find(({ ready }) => ready);
}

/** Steps that are not done, those in `except` aside. */
export function openSteps(molecule: MoleculeView, ...except: readonly string[]): StepView[] {
  return molecule.steps.filter(({ name, state }) => state !== "done" && !except.includes(name));
}

/** A step by its name, its id or its uid. */
export function findStep(molecule: MoleculeView, wanted: string): StepView | undefined {
  return molecule.steps.find(
    ({ name, bead }) => name === wanted || bead.id === wanted || bead.uid === wanted,
  );
}

/** What a step still waits for, one sentence each. */
export function missingFor(molecule: MoleculeView, step: StepView): string[] {
  return step.needs.flatMap((name) => {
    const need = findStep(molecule, name);
    if (!need || need.state === "done") return [];
    const again = need.state === "late" ? " under the present claim" : "";
    return [`step ${name} ("${need.title}") is not done${again}`];
  });
}

/** Where to go on from: the newest pushed commit, else the claim's, else empty (the target). */
export function continueFrom(molecule: MoleculeView): string {
  const commits = molecule.steps.filter(({ state, commit }) => state === "done" && commit !== "");
  return commits.at(-1)?.commit ?? molecule.work?.claim?.continueFrom ?? "";
}
