import type { z } from "zod";
import { TownError } from "#services/rpc/town-error.ts";
import type { Json } from "./bead-state.ts";
import { BeadsRow } from "./beads-row.ts";
import { isDeeper, lineDepthMax } from "./depth.ts";
import type { Row } from "./foreign-edit.ts";
import { type ImportedBead, importedBead } from "./imported-bead.ts";

/** One line, read: a bead with its drafts, or why it is kept out. */
export type BeadsLine =
  | { readonly kind: "bead"; readonly bead: ImportedBead }
  | { readonly kind: "skipped"; readonly why: string };

/**
 * Read one line of a Beads JSONL file. Fails with `invalid`, naming the line and what is wrong.
 *
 * @param number the line's, counted from 1, for messages
 */
export function readBeadsLine(text: string, number: number): BeadsLine {
  const json = parse(text, number);
  if (Object.hasOwn(json, "_schema")) return { kind: "skipped", why: skip(number, "a schema") };
  const { _type: type = "issue" } = json;
  if (type !== "issue") return { kind: "skipped", why: skip(number, `of type ${String(type)}`) };
  const read = BeadsRow.safeParse(json);
  if (!read.success)
    throw bad(number, read.error.issues.map((issue) => describe(issue, json)).join("; "));
  return { kind: "bead", bead: importedBead(json, read.data) };
}

function parse(text: string, number: number): Row {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    if (/^(<{7}|={7}|>{7}|\|{7})( |$)/.test(text)) {
      throw bad(number, "a marker of a merge conflict: settle the conflict, then import again");
    }
    throw bad(number, `not JSON (${(cause as Error).message})`);
  }
  if (isDeeper(json, lineDepthMax)) throw bad(number, `is nested more than ${lineDepthMax} deep`);
  if (typeof json === "object" && json !== null && !Array.isArray(json)) {
    const lost = /\d{16}|[eE]\+?\d{3}/.test(text) ? lostNumber(text) : undefined;
    if (lost !== undefined) {
      throw bad(
        number,
        `has the number ${lost}, which JSON here cannot keep: write it as a string`,
      );
    }
    if (text.includes("__proto__") && hasProto(json as Json)) {
      throw bad(number, 'has a key named "__proto__", which cannot be kept: rename it');
    }
    return json as Row;
  }
  throw bad(number, "not a JSON object");
}

function skip(number: number, what: string): string {
  return `line ${number}: ${what}, not a bead`;
}

function bad(number: number, what: string): TownError {
  const violations = [{ field: `lines[${number - 1}]`, description: what }];
  return new TownError("invalid", `line ${number}: ${what}`, { violations });
}

const kinds: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  array: "a list",
  object: "an object",
};

/** What is wrong with a value, in words for whoever wrote the file. */
function describe(issue: z.core.$ZodIssue, json: Row): string {
  const { path, message } = issue;
  const name = path.join(".");
  switch (issue.code) {
    case "invalid_type":
      if (isMissing(json, path)) return `${name} is missing`;
      return `${name} is not ${kinds[issue.expected] ?? issue.expected}`;
    case "invalid_union":
      return `${name} is neither text nor a number`;
    case "too_small":
      if (issue.origin === "string") return `${name} is empty`;
      return `${name} is below ${issue.minimum}`;
    case "too_big":
      if (issue.origin === "string") return `${name} is over ${issue.maximum} characters`;
      return `${name} is above ${issue.maximum}`;
    default:
      return `${name} is ${message}`;
  }
}

function isMissing(json: unknown, path: readonly PropertyKey[]): boolean {
  const read = (value: unknown, key: PropertyKey) => (value as Record<PropertyKey, unknown>)[key];
  const value = path.reduce(read, json);
  return value === undefined || value === null;
}

/** Some programs lose such a key, some take it for more than a key. */
function hasProto(value: Json): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.hasOwn(value, "__proto__") || Object.values(value).some(hasProto);
}

/** A number that is read as another one, as whole ones beyond 2^53 mostly are. */
function lostNumber(text: string): string | undefined {
  let lost: string | undefined;
  // The types of this TypeScript do not know the third argument yet.
  const look = (_key: string, value: unknown, { source = "" }: { source?: string } = {}) => {
    if (typeof value !== "number") return value;
    const isWhole = /^-?\d+$/.test(source) && Number.isFinite(value);
    const isOther = isWhole && String(value) !== source && BigInt(source) !== BigInt(value);
    if (isOther || !Number.isFinite(value)) lost ??= source;
    return value;
  };
  JSON.parse(text, look as Parameters<typeof JSON.parse>[1]);
  return lost;
}
