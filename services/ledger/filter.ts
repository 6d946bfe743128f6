import { TownError } from "#services/rpc/town-error.ts";
import { type Comparator, type Token, tokenize } from "./filter-tokens.ts";

/** What a filter may ask about. */
export const filterFields = [
  ...(["id", "status", "type", "label", "assignee", "parent", "priority"] as const),
  ...(["title", "text", "rig", "machine", "work"] as const),
] as const;
export type FilterField = (typeof filterFields)[number];

/** A parsed filter. */
export type Filter =
  | { readonly op: "and" | "or"; readonly of: readonly Filter[] }
  | { readonly op: "not"; readonly of: Filter }
  | { readonly op: Comparator; readonly field: FilterField; readonly value: string };

/** What a bead has in one field; several for labels, none where it has nothing. */
export type FieldValues = (field: FilterField) => readonly string[];

const filterCharsMax = 4_096;
const depthMax = 32;

/**
 * Read a filter: a subset of AIP-160.
 *
 * `AND`, `OR`, `NOT` or `-`, parentheses, `=` `!=` `:` `<` `<=` `>` `>=`, quotes, `*` at the ends
 * of a value. As AIP-160 has it, OR binds tighter than AND, and words side by side are ANDed; a
 * word of its own looks in title and texts. Fails with `invalid`, naming the position from 1.
 *
 * @see https://google.aip.dev/160
 */
export function parseFilter(text: string): Filter {
  if (text.length > filterCharsMax) {
    throw refused(`a filter has at most ${filterCharsMax} characters`);
  }
  const reader = { tokens: tokenize(text, failAt), next: 0, depth: 0 };
  const filter = readExpression(reader);
  const rest = peek(reader);
  if (rest.kind !== "end") throw failAt(rest.at, `unexpected ${shown(rest)}`);
  return filter;
}

/** Whether a bead passes. */
export function passes(filter: Filter, values: FieldValues): boolean {
  switch (filter.op) {
    case "and":
      return filter.of.every((each) => passes(each, values));
    case "or":
      return filter.of.some((each) => passes(each, values));
    case "not":
      return !passes(filter.of, values);
    default:
      return compare(filter.op, filter.field, filter.value, values(filter.field));
  }
}

/** Whether a filter says something of a field that is this value. */
export function mentions(filter: Filter, field: FilterField, value: string): boolean {
  if ("field" in filter) return filter.field === field && filter.value === value;
  const parts = filter.op === "not" ? [filter.of] : filter.of;
  return parts.some((each) => mentions(each, field, value));
}

type Reader = { readonly tokens: readonly Token[]; next: number; depth: number };

function readExpression(reader: Reader): Filter {
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

function readFactor(reader: Reader): Filter {
  const of = [readTerm(reader)];
  while (peek(reader).kind === "or") {
    reader.next += 1;
    of.push(readTerm(reader));
  }
  return joined("or", of);
}

function readTerm(reader: Reader): Filter {
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
  if (comparator.kind !== "comparator") return { op: ":", field: "text", value: token.text };
  reader.next += 1;
  const value = take(reader);
  if (value.kind !== "word") {
    throw failAt(value.at, `expected a value after ${comparator.text}, found ${shown(value)}`);
  }
  return restriction(token, comparator, value);
}

type Word = Extract<Token, { kind: "word" }>;
type Compare = Extract<Token, { kind: "comparator" }>;

function restriction(name: Word, comparator: Compare, value: Word): Filter {
  const field = filterFields.find((each) => each === name.text);
  if (!field) {
    const known = filterFields.join(", ");
    throw failAt(name.at, `no field ${JSON.stringify(name.text)}; there are ${known}`);
  }
  const op = comparator.text;
  if (field === "priority") {
    if (!/^[0-4]$/.test(value.text) && value.text !== "*") {
      throw failAt(value.at, `a priority is 0 to 4, not ${JSON.stringify(value.text)}`);
    }
  } else if (op !== "=" && op !== "!=" && op !== ":") {
    throw failAt(comparator.at, `${op} compares priorities only`);
  }
  if (field === "work" && value.text !== "true" && value.text !== "false") {
    throw failAt(value.at, `work is true or false, not ${JSON.stringify(value.text)}`);
  }
  return { op, field, value: value.text };
}

function joined(op: "and" | "or", of: readonly Filter[]): Filter {
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

function compare(
  op: Comparator,
  field: FilterField,
  wanted: string,
  held: readonly string[],
): boolean {
  if (op === "!=") return !compare("=", field, wanted, held);
  if (wanted === "*") return held.some((value) => value !== "");
  if (op === "<") return held.some((value) => value < wanted);
  if (op === "<=") return held.some((value) => value <= wanted);
  if (op === ">") return held.some((value) => value > wanted);
  if (op === ">=") return held.some((value) => value >= wanted);
  // A part of a title or text is enough for `:`; elsewhere it is the same as `=`.
  const part = field === "text" || (op === ":" && field === "title");
  if (wanted === "") return held.every((value) => value === "");
  return held.some((value) => alike(value, wanted, part));
}

function alike(value: string, wanted: string, part: boolean): boolean {
  const [held, text] = [value.toLowerCase(), wanted.toLowerCase()];
  if (part) return held.includes(text.replaceAll("*", ""));
  if (text.startsWith("*") && text.endsWith("*")) return held.includes(text.slice(1, -1));
  if (text.startsWith("*")) return held.endsWith(text.slice(1));
  if (text.endsWith("*")) return held.startsWith(text.slice(0, -1));
  return held === text;
}

function failAt(at: number, what: string): TownError {
  return refused(`position ${at}: ${what}`);
}

function refused(description: string): TownError {
  return new TownError("invalid", `bad filter: ${description}`, {
    violations: [{ field: "filter", description }],
  });
}
