import { z } from "zod";

const text = z.string();
const names = z.array(z.string().min(1));

/** One declared variable. A bare string in the file is the short form of its default. */
export const FormulaVar = z
  .union([
    text.transform((value) => ({ default: value })),
    z.looseObject({
      description: text.optional(),
      required: z.boolean().optional(),
      default: z.union([text, z.number(), z.boolean()]).transform(String).optional(),
      enum: z.array(text).optional(),
      pattern: text.refine(isPattern, "not a regular expression").optional(),
      type: text.optional(),
    }),
  ])
  .transform((value): VarDeclaration => value);

/** What a formula says of one variable. */
export type VarDeclaration = {
  readonly description?: string | undefined;
  readonly required?: boolean | undefined;
  readonly default?: string | undefined;
  readonly enum?: readonly string[] | undefined;
  readonly pattern?: string | undefined;
};

/** One step as authored. */
export const FormulaStep = z.looseObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,99}$/i, "letters, digits, - _ and . (at most 100)"),
  title: text.optional(),
  description: text.optional(),
  notes: text.optional(),
  acceptance: text.optional(),
  priority: z.number().int().min(0).max(4).optional(),
  labels: names.optional(),
  needs: names.optional(),
  depends_on: names.optional(),
});
export type FormulaStep = z.infer<typeof FormulaStep>;

/** A formula file, as read: unknown keys stay where they are. */
export const Formula = z.looseObject({
  formula: z.string().min(1),
  description: text.optional(),
  type: z.enum(["workflow", "expansion", "aspect", "convoy"]).optional(),
  version: z.number().int().optional(),
  vars: z.record(z.string(), FormulaVar).optional(),
  steps: z.array(FormulaStep).optional(),
});
export type Formula = z.infer<typeof Formula>;

/** Keys of the formula language, at the top and in a step. What stands beside them is warned of. */
export const knownKeys = {
  formula: [
    ...["formula", "description", "type", "version", "extends", "vars", "steps", "template"],
    ...["compose", "advice", "pointcuts", "phase", "pour", "agent"],
    ...["inputs", "prompts", "presets", "output", "legs", "synthesis"],
  ],
  step: [
    ...["id", "title", "description", "notes", "type", "priority", "labels", "metadata", "needs"],
    ...["depends_on", "waits_for", "assignee", "acceptance", "condition", "children", "expand"],
    ...["expand_vars", "gate", "loop", "on_complete"],
  ],
} as const;

/** Keys that change which steps there are, or when one may close; cook does not know them yet. */
export const uncookedKeys = {
  formula: ["extends", "template", "compose", "advice", "pointcuts", "legs", "synthesis"],
  step: [
    ...["waits_for", "condition", "children", "expand", "expand_vars", "gate", "loop"],
    "on_complete",
  ],
} as const;

function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern, "u") instanceof RegExp;
  } catch {
    return false;
  }
}
