import { TownError } from "#services/rpc/town-error.ts";
import { type Formula, type FormulaStep, uncookedKeys } from "./formula.ts";
import {
  checkVariables,
  type Declarations,
  fillKnown,
  undeclared,
  type Variables,
} from "./variables.ts";

/** A frozen template: a flat, acyclic list of steps in the order of the file. */
export type Proto = {
  readonly formula: string;
  readonly description: string;
  readonly version: number;
  readonly variables: Declarations;
  readonly steps: readonly ProtoStep[];
};

/** One step of a proto. Marks of variables without a value are still in its texts. */
export type ProtoStep = {
  readonly name: string;
  readonly title: string;
  readonly instructions: string;
  readonly acceptance: string;
  readonly needs: readonly string[];
  readonly labels: readonly string[];
  readonly priority: number | undefined;
};

/**
 * Compile a formula to a flat proto.
 *
 * @param values variables that are known already; the others are filled in when it is poured
 * @throws TownError `invalid` for duplicate names, missing needs, undeclared variables, and cycles,
 *   which it shows; `unimplemented` for parts of the language that would change the steps
 */
export function cook(formula: Formula, values: Variables = {}): Proto {
  const name = formula.formula;
  refuseUncooked(formula);
  const declared = formula.vars ?? {};
  checkVariables(name, values, declared, false);
  const steps = (formula.steps ?? []).map((step) => cookStep(step, values));
  if (steps.length === 0) throw new TownError("invalid", `formula ${name} has no steps`);
  const complaints = [
    ...duplicates(steps),
    ...missingNeeds(steps),
    ...undeclaredVariables(steps, formula),
  ];
  if (complaints.length === 0) complaints.push(...cycles(steps));
  if (complaints.length > 0) {
    const violations = complaints.map((description) => ({ field: name, description }));
    throw new TownError("invalid", `formula ${name}: ${complaints.join("; ")}`, { violations });
  }
  const { description = "", version = 1 } = formula;
  return { formula: name, description, version, variables: declared, steps };
}

function cookStep(step: FormulaStep, values: Variables): ProtoStep {
  const { title = step.id, description = "", acceptance = "", labels = [] } = step;
  return {
    name: step.id,
    title: fillKnown(title, values),
    instructions: fillKnown(description, values),
    acceptance: fillKnown(acceptance, values),
    needs: [...new Set([...(step.needs ?? []), ...(step.depends_on ?? [])])],
    labels,
    priority: step.priority,
  };
}

/** Steps that silently were not what their author wrote would be worse than no molecule. */
function refuseUncooked(formula: Formula): void {
  const { formula: name, type = "workflow", steps = [] } = formula;
  const found = [
    ...(type === "workflow" ? [] : [`type ${type}`]),
    ...uncookedKeys.formula.filter((key) => Object.hasOwn(formula, key)),
    ...steps.flatMap((step) =>
      uncookedKeys.step
        .filter((key) => Object.hasOwn(step, key))
        .map((key) => `${key} of step "${step.id}"`),
    ),
  ];
  if (found.length === 0) return;
  const what = found.join(", ");
  throw new TownError("unimplemented", `formula ${name}: this version does not cook ${what}`);
}

function duplicates(steps: readonly ProtoStep[]): string[] {
  const names = steps.map(({ name }) => name);
  const twice = new Set(names.filter((name, at) => names.indexOf(name) !== at));
  return [...twice].map((name) => `two steps are called "${name}"`);
}

function missingNeeds(steps: readonly ProtoStep[]): string[] {
  const names = new Set(steps.map(({ name }) => name));
  return steps.flatMap((step) =>
    step.needs
      .filter((need) => !names.has(need))
      .map((need) => `step "${step.name}" needs "${need}", and there is no such step`),
  );
}

function undeclaredVariables(steps: readonly ProtoStep[], { vars = {} }: Formula): string[] {
  return steps.flatMap(({ name, title, instructions, acceptance }) =>
    undeclared(`${title}\n${instructions}\n${acceptance}`, vars).map(
      (variable) => `step "${name}" uses {{${variable}}}, which is not declared`,
    ),
  );
}

/** The first cycle, shown from a step back to itself. */
function cycles(steps: readonly ProtoStep[]): string[] {
  const needs = new Map(steps.map((step) => [step.name, step.needs]));
  const settled = new Set<string>();
  for (const { name } of steps) {
    const cycle = walk(name, needs, settled);
    if (cycle) return [`a cycle: ${cycle.join(" needs ")}`];
  }
  return [];
}

/** Depth first without recursion, since a molecule may have thousands of steps in a row. */
function walk(
  start: string,
  needs: ReadonlyMap<string, readonly string[]>,
  settled: Set<string>,
): string[] | undefined {
  const path: { name: string; left: string[] }[] = [];
  const onPath = new Set<string>();
  const enter = (name: string) => {
    path.push({ name, left: [...(needs.get(name) ?? [])] });
    onPath.add(name);
  };
  if (!settled.has(start)) enter(start);
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const next = top.left.shift();
    if (next === undefined) {
      settled.add(top.name);
      onPath.delete(top.name);
      path.pop();
    } else if (onPath.has(next)) {
      const names = path.map(({ name }) => name);
      return [...names.slice(names.indexOf(next)), next];
    } else if (!settled.has(next)) enter(next);
  }
  return undefined;
}
