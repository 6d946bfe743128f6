import type { Bead } from "#services/ledger/bead.ts";
import { createBead, setFields } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import {
  formulaField,
  moleculeField,
  orderField,
  stepField,
  workField,
} from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import type { ProtoStep } from "./cook.ts";
import type { Recipe } from "./library.ts";
import { checkVariables, fillAll, type Variables } from "./variables.ts";

/** The uid of a molecule's root; `round` counts up where a squashed one went before. */
export function moleculeUid(workUid: string, round = 1): string {
  return round === 1
    ? derivedUid("molecule", workUid)
    : derivedUid("molecule", workUid, String(round));
}

/** The uid of one step of a molecule. */
export function stepUid(rootUid: string, step: string): string {
  return derivedUid("step", rootUid, step);
}

/**
 * Make a molecule of a proto for one work bead, on a polecat's hook. Pouring twice is pouring once:
 * what is there already gets no draft, and a molecule that is passed on only changes hands.
 *
 * @param wanted.values the formula's variables; `bead` and `title` are given by the work
 * @returns the root's uid, and the drafts, the root first
 * @throws TownError `invalid` when a variable is missing or not allowed
 */
export function pour(wanted: {
  readonly world: World;
  readonly recipe: Recipe;
  readonly work: Bead;
  readonly polecat: string;
  readonly values?: Variables;
}): { readonly root: string; readonly drafts: readonly Draft[] } {
  const { world, recipe, work, polecat } = wanted;
  const { proto } = recipe;
  const round = roundOf(world, work.uid);
  const root = moleculeUid(work.uid, round);
  const id = round === 1 ? `${work.id}.mol` : `${work.id}.mol-${round}`;
  const held = world.bead(root);
  const given = Object.hasOwn(proto.variables, "bead") ? { bead: work.id } : {};
  const titled = Object.hasOwn(proto.variables, "title") ? { title: work.title } : {};
  const values = { ...given, ...titled, ...wanted.values };
  checkVariables(proto.formula, values, proto.variables, true);
  const fill = (text: string) => fillAll(text, values, proto.variables);
  const make = { root, id, work, fill };
  const steps = proto.steps.flatMap((step, order) =>
    world.bead(stepUid(root, step.name)) ? [] : [pourStep(step, order, make)],
  );
  const first = held
    ? held.assignee === polecat
      ? []
      : [setFields(root, { assignee: polecat })]
    : [pourRoot(recipe, polecat, make)];
  return { root, drafts: [...first, ...steps] };
}

/** What every draft of one pouring shares. */
type Make = {
  readonly root: string;
  readonly id: string;
  readonly work: Bead;
  readonly fill: (text: string) => string;
};

/** A tombstone is for good, so work that was opened again after its digest gets a new molecule. */
function roundOf(world: World, workUid: string): number {
  for (let round = 1; ; round += 1) {
    if (!world.bead(moleculeUid(workUid, round))?.deleted) return round;
  }
}

function pourRoot({ proto, hash }: Recipe, polecat: string, make: Make): Draft {
  const { root, id, work, fill } = make;
  return createBead({
    uid: root,
    id,
    title: `${proto.formula}: ${work.title}`.slice(0, 500),
    issueType: "molecule",
    priority: work.priority,
    status: "hooked",
    assignee: polecat,
    fields: {
      description: fill(proto.description),
      source_formula: proto.formula,
      [workField.name]: work.uid,
      [formulaField.name]: proto.formula,
      "gt.formula_version": proto.version,
      "gt.formula_hash": hash,
    },
  });
}

function pourStep(step: ProtoStep, order: number, { root, id, work, fill }: Make): Draft {
  const acceptance = fill(step.acceptance);
  return createBead({
    uid: stepUid(root, step.name),
    id: `${id}.${step.name}`,
    title: fill(step.title).slice(0, 500),
    priority: step.priority ?? work.priority,
    fields: {
      description: fill(step.instructions),
      ...(acceptance === "" ? {} : { acceptance_criteria: acceptance }),
      [workField.name]: work.uid,
      [moleculeField.name]: root,
      [stepField.name]: step.name,
      [orderField.name]: order,
    },
    labels: step.labels,
    edges: [
      { to: root, type: "parent-child" },
      ...step.needs.map((need) => ({ to: stepUid(root, need), type: "blocks" })),
    ],
  });
}
