import { TownError } from "#services/rpc/town-error.ts";
import { type Asked, compare, type FieldKind, spanOf } from "./filter-compare.ts";
import { type Token, tokenize } from "./filter-tokens.ts";

/** What a filter may ask about, and how each is compared. */
export type FieldKinds<F extends string> = Readonly<Record<F, FieldKind>>;

/** What a filter of beads may ask about. */
export const beadFields = {
  id: "word",
  status: "word",
  type: "word",
  label: "word",
  assignee: "word",
  parent: "word",
  priority: "priority",
  title: "title",
  text: "part",
  rig: "word",
  machine: "word",
  created: "date",
  updated: "date",
  closed: "date",
  deferred: "date",
  work: "flag",
  tier: "word",
} as const satisfies Record<string, FieldKind>;
export type FilterField = keyof typeof beadFields;

/** A parsed filter. */
export type Filter<F extends string = FilterField> =
  | { readonly op: "and" | "or"; readonly of: readonly Filter<F>[] }
  | { readonly op: "not"; readonly of: Filter<F> }
  | Restriction<F>;

type Restriction<F extends string> = Asked & { readonly field: F };

/** What a bead has in one field; several for labels, none where it has nothing. */
export type FieldValues<F extends string = FilterField> = (field: F) => readonly string[];

const filterCharsMax = 4_096;
const depthMax = 32;

/**
 * Read a filter: a subset of AIP-160.
 *
 * `AND`, `OR`, `NOT` or `-`, parentheses, `=` `!=` `:` `<` `<=` `>` `>=`, quotes, `*` at the ends
 * of a value. As AIP-160 has it, OR binds tighter than AND, and words side by side are ANDed; a
 * word of its own looks in title and texts. A date is a day, or a quoted instant of RFC 3339. Fails
 * with `invalid`, naming the position from 1.
 *
 * @param kinds the fields that there are
 * @see https://google.aip.dev/160
 */
export function parseFilter(text: string): Filter;
export function parseFilter<F extends string>(text: string, kinds: FieldKinds<F>): Filter<F>;
export function parseFilter(text: string, kinds: FieldKinds<string> = beadFields): Filter<string> {
  if (text.length > filterCharsMax) {
    throw refused(`a filter has at most ${filterCharsMax} characters`);
  }
  const reader = { tokens: tokenize(text, failAt), kinds, next: 0, depth: 0 };
  const filter = readExpression(reader);
  const rest = peek(reader);
  if (rest.kind !== "end") throw failAt(rest.at, `unexpected ${shown(rest)}`);
  return filter;
}

/** Whether a bead, or whatever else has these values, passes. */
export function passes<F extends string>(filter: Filter<F>, values: FieldValues<F>): boolean {
  switch (filter.op) {
    case "and":
      return filter.of.every((each) => passes(each, values));
    case "or":
      return filter.of.some((each) => passes(each, values));
    case "not":
      return !passes(filter.of, values);
    default:
      return compare(filter, values(filter.field));
  }
}

/** What is known of a bead's fields; undefined where it is not. */
export type KnownValues<F extends string = FilterField> = (
  field: F,
) => readonly string[] | undefined;

/** Whether something may pass of which only some fields are known. */
export function mayPass<F extends string>(filter: Filter<F>, known: KnownValues<F>): boolean {
  return judge(filter, known) !== false;
}

/** Undefined where it hangs on what is not known. */
function judge<F extends string>(filter: Filter<F>, known: KnownValues<F>): boolean | undefined {
  switch (filter.op) {
    case "and":
    case "or": {
      // One that fails decides for all that are ANDed, one that passes for all that are ORed.
      const decides = filter.op === "or";
      const parts = filter.of.map((each) => judge(each, known));
      if (parts.includes(decides)) return decides;
      return parts.includes(undefined) ? undefined : !decides;
    }
    case "not": {
      const inner = judge(filter.of, known);
      return inner === undefined ? undefined : !inner;
    }
    default: {
      const held = known(filter.field);
      return held === undefined ? undefined : compare(filter, held);
    }
  }
}

/** Whether a filter says something of a field that is this value. */
export function mentions(filter: Filter, field: FilterField, value: string): boolean {
  return restrictions(filter).some((each) => each.field === field && each.value === value);
}

/** Everything that a filter compares, wherever it stands in it. */
export function restrictions<F extends string>(filter: Filter<F>): readonly Restriction<F>[] {
  if ("field" in filter) return [filter];
  const parts = filter.op === "not" ? [filter.of] : filter.of;
  return parts.flatMap(restrictions);
}

type Reader = {
  readonly tokens: readonly Token[];
  readonly kinds: FieldKinds<string>;
  next: number;
  depth: number;
};

function readExpression(reader: Reader): Filter<string> {
  reader.depth += 1;
  if (reader.depth > depthMax) throw failAt(peek(reader).at, "nested too deeply");
  const of = [readFactor(reader)];
  for (;;) {
    const { kind } = peek(reader);
    if (kind === "and") reader.next += 1;
    else if (kind === "end" || kind === "close" || kind === "or") break;
    of.push(readFactor(reader));
  }
  reader.depth -= 1;
  return joined("and", of);
}

function readFactor(reader: Reader): Filter<string> {
  const of = [readTerm(reader)];
  while (peek(reader).kind === "or") {
    reader.next += 1;
    of.push(readTerm(reader));
  }
  return joined("or", of);
}

function readTerm(reader: Reader): Filter<string> {
  const token = take(reader);
  if (token.kind === "not") return { op: "not", of: readTerm(reader) };
  if (token.kind === "open") {
    const inner = readExpression(reader);
    const close = take(reader);
    if (close.kind !== "close") throw failAt(close.at, `expected ) before ${shown(close)}`);
    return inner;
  }
  if (token.kind !== "word") throw failAt(token.at, `expected a field, found ${shown(token)}`);
  const comparator = peek(reader);
  if (comparator.kind !== "comparator") return anywhere(token, reader.kinds);
  reader.next += 1;
  const value = take(reader);
  if (value.kind !== "word") {
    throw failAt(value.at, `expected a value after ${comparator.text}, found ${shown(value)}`);
  }
  return restriction(reader.kinds, token, comparator, value);
}

type Word = Extract<Token, { kind: "word" }>;
type Compare = Extract<Token, { kind: "comparator" }>;

/** A word of its own. */
function anywhere({ at, text }: Word, kinds: FieldKinds<string>): Filter<string> {
  if (kinds["text"] === "part") return { op: ":", field: "text", kind: "part", value: text };
  throw failAt(at, `${JSON.stringify(text)} is compared with nothing: write field = value`);
}

function restriction(
  kinds: FieldKinds<string>,
  name: Word,
  comparator: Compare,
  { at, text: value }: Word,
): Filter<string> {
  const kind = Object.hasOwn(kinds, name.text) ? kinds[name.text] : undefined;
  if (!kind) {
    const known = Object.keys(kinds).join(", ");
    throw failAt(name.at, `no field ${JSON.stringify(name.text)}; there are ${known}`);
  }
  const op = comparator.text;
  const isOrdered = kind === "priority" || kind === "date";
  if (!isOrdered && op !== "=" && op !== "!=" && op !== ":") {
    throw failAt(comparator.at, `${op} compares priorities and dates only`);
  }
  const wrong = value === "*" ? undefined : misfit(kind, value);
  if (wrong !== undefined) throw failAt(at, wrong);
  return { op, field: name.text, kind, value };
}

/** Why a value cannot be compared with fields of a kind, or undefined. */
function misfit(kind: FieldKind, value: string): string | undefined {
  const given = JSON.stringify(value);
  if (kind === "priority" && !/^[0-4]$/.test(value)) return `a priority is 0 to 4, not ${given}`;
  if (kind === "flag" && value !== "true" && value !== "false") {
    return `this is true or false, not ${given}`;
  }
  if (kind !== "date" || value === "" || spanOf(value)) return undefined;
  return `a date is 2026-03-01 or, in quotes, "2026-03-01T09:00:00Z"; not ${given}`;
}

function joined(op: "and" | "or", of: readonly Filter<string>[]): Filter<string> {
  const [only] = of;
  return only && of.length === 1 ? only : { op, of };
}

function peek(reader: Reader): Token {
  return reader.tokens[reader.next] ?? { kind: "end", at: 1 };
}

function take(reader: Reader): Token {
  const token = peek(reader);
  if (token.kind !== "end") reader.next += 1;
  return token;
}

function shown(token: Token): string {
  switch (token.kind) {
    case "end":
      return "the end";
    case "open":
      return "(";
    case "close":
      return ")";
    case "word":
      return JSON.stringify(token.text);
    case "comparator":
      return token.text;
    default:
      return token.kind.toUpperCase();
  }
}

function failAt(at: number, what: string): TownError {
  return refused(`position ${at}: ${what}`);
}

function refused(description: string): TownError {
  return new TownError("invalid", `bad filter: ${description}`, {
    violations: [{ field: "filter", description }],
  });
}
