import { TownError } from "#services/rpc/town-error.ts";
import type { VarDeclaration } from "./formula.ts";

/** Values of a formula's variables by name. */
export type Variables = Readonly<Record<string, string>>;
/** What a formula declares, by name. */
export type Declarations = Readonly<Record<string, VarDeclaration>>;

/** `{{name}}` and `{{name | default: value}}`; Go-template marks (`{{.leg}}`) are not ours. */
const mark = /\{\{\s*([a-zA-Z_][\w-]*)\s*(?:\|\s*default:\s*([^}]*?)\s*)?\}\}/g;

/** Names that a text refers to without being declared. */
export function undeclared(text: string, declared: Declarations): string[] {
  const names = [...text.matchAll(mark)].map(([, name = ""]) => name);
  return [...new Set(names)].filter((name) => !Object.hasOwn(declared, name));
}

/** Put the values that are known in; the other marks stay for a later hand. */
export function fillKnown(text: string, values: Variables): string {
  return text.replaceAll(mark, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  );
}

/** Put every value in: given, else the mark's own default, else the declared one, else nothing. */
export function fillAll(text: string, values: Variables, declared: Declarations): string {
  return text.replaceAll(mark, (_whole, name: string, fallback: string | undefined) =>
    Object.hasOwn(values, name)
      ? String(values[name])
      : (fallback ?? declared[name]?.default ?? ""),
  );
}

/** Refuse values that are unknown, not allowed, or (where `complete`) missing, all at once. */
export function checkVariables(
  formula: string,
  values: Variables,
  declared: Declarations,
  complete: boolean,
): void {
  const known = Object.keys(declared).join(", ") || "none";
  const violations = [
    ...Object.keys(values)
      .filter((name) => !Object.hasOwn(declared, name))
      .map((name) => ({ field: name, description: `no such variable; declared are: ${known}` })),
    ...Object.entries(declared).flatMap(([name, declaration]) => {
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      const description = complaint(value, declaration, complete);
      return description === undefined ? [] : [{ field: name, description }];
    }),
  ];
  if (violations.length === 0) return;
  const listed = violations.map(({ field, description }) => `${field}: ${description}`).join("; ");
  throw new TownError("invalid", `formula ${formula}: ${listed}`, { violations });
}

function complaint(
  value: string | undefined,
  declaration: VarDeclaration,
  complete: boolean,
): string | undefined {
  const { required, default: fallback, enum: allowed, pattern, description } = declaration;
  if (value === undefined) {
    if (!complete || !required || fallback !== undefined) return undefined;
    return description === undefined ? "a value is required" : `required: ${description}`;
  }
  if (allowed && !allowed.includes(value)) return `"${value}" is not one of ${allowed.join(", ")}`;
  if (pattern !== undefined && !new RegExp(pattern, "u").test(value)) {
    return `"${value}" does not match ${pattern}`;
  }
  return undefined;
}
