import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { parse, TomlError } from "smol-toml";
import type { z } from "zod";
import { TownError, type Violation } from "#services/rpc/town-error.ts";
import { Formula, knownKeys } from "./formula.ts";

/** A formula with where it came from. */
export type FormulaSource = {
  readonly formula: Formula;
  readonly file: string;
  /** SHA-256 of the file, in hex: what a molecule's provenance names. */
  readonly hash: string;
  /** Keys that nobody knows, one sentence each. */
  readonly warnings: readonly string[];
};

/** Read one formula file. Throws `not_found`, or `invalid` that names file, step and key. */
export async function readFormula(path: string): Promise<FormulaSource> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    throw new TownError("not_found", `no formula at ${path}`, {
      resource: { type: "formula", name: path },
    });
  });
  return parseFormula(text, basename(path));
}

/** Read the text of a formula in TOML. */
export function parseFormula(text: string, file: string): FormulaSource {
  const raw = parseToml(text, file);
  const read = Formula.safeParse(raw);
  if (!read.success) throw refusal(file, raw, read.error);
  return {
    formula: read.data,
    file,
    hash: createHash("sha256").update(text).digest("hex"),
    warnings: unknownKeys(file, read.data),
  };
}

function parseToml(text: string, file: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const what = error.message.split("\n")[0] ?? "not TOML";
    throw new TownError("invalid", `${file}, line ${error.line}: ${what}`, { cause: error });
  }
}

function refusal(file: string, raw: unknown, error: z.ZodError): TownError {
  const violations = error.issues.map((issue): Violation => {
    return { field: place(raw, issue.path), description: issue.message };
  });
  const [first] = violations;
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : "";
  const message = `${file}: ${first?.field}: ${first?.description}${more}`;
  return new TownError("invalid", message, { violations });
}

/** `steps.3.needs` as a person would say it: `step "test", needs`. */
function place(raw: unknown, path: readonly PropertyKey[]): string {
  const [top, index, ...rest] = path.map(String);
  if (top !== "steps" || index === undefined) return path.map(String).join(".") || "the file";
  const steps = (raw as { steps?: unknown }).steps;
  const step: unknown = Array.isArray(steps) ? steps[Number(index)] : undefined;
  const id = (step as { id?: unknown } | undefined)?.id;
  const name = typeof id === "string" ? `step "${id}"` : `step number ${Number(index) + 1}`;
  return rest.length > 0 ? `${name}, ${rest.join(".")}` : name;
}

function unknownKeys(file: string, formula: Formula): string[] {
  const strange = (value: object, known: readonly string[]) =>
    Object.keys(value).filter((key) => !known.includes(key));
  return [
    ...strange(formula, knownKeys.formula).map((key) => `${file}: unknown key ${key}`),
    ...(formula.steps ?? []).flatMap((step) =>
      strange(step, knownKeys.step).map((key) => `${file}: step "${step.id}": unknown key ${key}`),
    ),
  ];
}
