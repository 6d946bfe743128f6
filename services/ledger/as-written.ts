import { isDeepStrictEqual } from "node:util";
import type { Json } from "./bead-state.ts";
import { ownValue, type Row } from "./foreign-edit.ts";
import { derivedBase36 } from "./ids.ts";

type JsonObject = { [key: string]: Json };

/**
 * The field in which an imported bead carries what its line had otherwise than we would write it:
 * a key that was absent, a `null`, numbers as comment ids, edges in an order of their own. Most
 * have none. It is never shown: export puts it back where the bead still says the same.
 */
export const asWrittenField = "gt.as_written";

/** One key of a line; it holds while what the ledger says of the key has the fingerprint `of`. */
type Mark = {
  /** Absent where the ledger says nothing of the key. */
  readonly of?: string;
  /** What stood there; absent where the key did. */
  readonly was?: Json;
  /** Of a list: what single items had otherwise, by their name; each with its own fingerprint. */
  readonly items?: { readonly [name: string]: Patch };
  /** Of a list: the names of its items in the order of the line. */
  readonly order?: readonly string[];
};
type Patch = { readonly of: string; readonly set?: JsonObject; readonly drop?: readonly string[] };
type Marks = { readonly [key: string]: Mark };

/** The lists whose items are edited one by one, and what names an item. */
const listKeys = new Map<string, (item: JsonObject) => string>([
  ["dependencies", ({ type, depends_on_id: to }) => `${text(type) || "blocks"} ${text(to)}`],
  ["comments", ({ id }) => (typeof id === "number" ? String(id) : text(id))],
]);

/**
 * What a line has otherwise than the ledger would write it; undefined where nothing.
 *
 * @param original the line as it came
 * @param plain what the ledger itself says of the bead after the import, with nothing filled in
 * @param full the same, with what export fills in
 * @param names of items of the line, where those have none of their own
 */
export function differences(
  original: Row,
  plain: Row,
  full: Row,
  names: ReadonlyMap<string, readonly string[]> = new Map(),
): Json | undefined {
  const keys = new Set([original, plain, full].flatMap((row) => Object.keys(row)));
  // Beads would read 0 where it is missing: it is always written.
  if ((original["priority"] ?? null) === null) keys.delete("priority");
  const marks: [string, Mark][] = [];
  for (const key of keys) {
    const [is, was] = [ownValue(plain, key), ownValue(original, key)];
    const list = listMark(key, was, is, names.get(key));
    if (list) marks.push([key, list]);
    else if (!isDeepStrictEqual(is, was)) marks.push([key, valueMark(was, is)]);
    else if (is === undefined && ownValue(full, key) !== undefined) marks.push([key, {}]);
  }
  return marks.length > 0 ? (Object.fromEntries(marks) as Json) : undefined;
}

/** The row that the line had, as far as the bead still says what it said then. */
export function restored(written: Json | undefined, plain: Row, full: Row): Row {
  if (!isObject(written)) return full;
  const row: { [key: string]: Json | undefined } = { ...full };
  for (const [key, mark] of Object.entries(written as Marks)) {
    const is = ownValue(plain, key);
    if (mark.items || mark.order) row[key] = restoredList(key, mark, is, ownValue(full, key));
    else if (fingerprint(is) === mark.of) row[key] = mark.was;
  }
  return row;
}

function valueMark(was: Json | undefined, is: Json | undefined): Mark {
  const of = fingerprint(is);
  return { ...(of !== undefined && { of }), ...(was !== undefined && { was }) };
}

/** Item by item; undefined where the two do not have the same items. */
function listMark(
  key: string,
  was: Json | undefined,
  is: Json | undefined,
  given: readonly string[] | undefined,
): Mark | undefined {
  const nameOf = listKeys.get(key);
  if (!nameOf || !isList(was) || !isList(is) || was.length !== is.length) return undefined;
  const names = was.map((item, index) => given?.[index] ?? nameOf(item));
  const held = new Map(is.map((item) => [nameOf(item), item]));
  if (new Set(names).size !== held.size || !names.every((name) => held.has(name))) return undefined;
  const items: [string, Patch][] = [];
  for (const [index, name] of names.entries()) {
    const patch = patchOf(was[index] ?? {}, held.get(name) ?? {});
    if (patch) items.push([name, patch]);
  }
  const isOrdered = [...held.keys()].every((name, index) => name === names[index]);
  if (items.length === 0 && isOrdered) return undefined;
  return {
    ...(items.length > 0 && { items: Object.fromEntries(items) }),
    ...(!isOrdered && { order: names }),
  };
}

function patchOf(was: JsonObject, is: JsonObject): Patch | undefined {
  const other = Object.entries(was).filter(([key, value]) => {
    return !Object.hasOwn(is, key) || !isDeepStrictEqual(is[key], value);
  });
  const drop = Object.keys(is).filter((key) => !Object.hasOwn(was, key));
  const isWhole = filledIn.every((key) => is[key] !== undefined);
  if (other.length === 0 && drop.length === 0 && isWhole) return undefined;
  const of = fingerprint(is) ?? "";
  const set = other.length > 0 && { set: Object.fromEntries(other) };
  return { of, ...set, ...(drop.length > 0 && { drop }) };
}

/** What export fills in where an item does not say it. */
const filledIn = ["created_at", "created_by"];

function restoredList(
  key: string,
  { items = {}, order }: Mark,
  plain: Json | undefined,
  full: Json | undefined,
): Json | undefined {
  const nameOf = listKeys.get(key);
  if (!nameOf || !isList(plain) || !isList(full)) return full;
  const rows = plain.map((item, index): [string, Json] => {
    const name = nameOf(item);
    const patch = Object.hasOwn(items, name) ? items[name] : undefined;
    const holds = patch !== undefined && fingerprint(item) === patch.of;
    return [name, holds ? patched(item, patch) : (full[index] ?? item)];
  });
  if (order) {
    const places = new Map(order.map((name, place) => [name, place]));
    const place = ([name]: [string, Json]) => places.get(name) ?? order.length;
    rows.sort((a, b) => place(a) - place(b));
  }
  return rows.map(([, row]) => row);
}

function patched(item: JsonObject, { set = {}, drop = [] }: Patch): Json {
  const kept = Object.entries(item).filter(([key]) => !drop.includes(key));
  return { ...Object.fromEntries(kept), ...set };
}

/** Six characters that tell one value from another, in whatever order its keys are. */
function fingerprint(value: Json | undefined): string | undefined {
  if (value === undefined) return undefined;
  return derivedBase36(6, "as written", JSON.stringify(value, sortedKeys));
}

function sortedKeys(_key: string, value: Json): Json {
  if (!isObject(value)) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : Number(a > b))));
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isList(value: Json | undefined): value is JsonObject[] {
  return Array.isArray(value) && value.length > 0 && value.every(isObject);
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
