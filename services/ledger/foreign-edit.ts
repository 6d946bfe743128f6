import { isDeepStrictEqual } from "node:util";
import type { Bead } from "./bead.ts";
import type { Json } from "./bead-state.ts";
import { compareInstants } from "./instant.ts";
import { metadataFields } from "./metadata-fields.ts";

/** One line of the view as JSON, without what this version defaults. */
export type Row = { readonly [key: string]: Json | undefined };

/** One change that a commit made to one bead. */
export type Edit =
  | { readonly kind: "field"; readonly name: string; readonly from: Json; readonly to: Json }
  | { readonly kind: "status"; readonly from: string; readonly to: string }
  | { readonly kind: "reason"; readonly to: string }
  | { readonly kind: "label+" | "label-"; readonly label: string }
  | { readonly kind: "edge+" | "edge-"; readonly edge: EdgeRow }
  | { readonly kind: "comment+" | "comment-"; readonly comment: CommentRow };

export type EdgeRow = { readonly depends_on_id: string; readonly type: string } & Row;
export type CommentRow = {
  readonly id: string;
  readonly author: string;
  readonly text: string;
  readonly created_at?: string;
  /** Which one of those that say the same, counted from 1. */
  readonly nth: number;
};

/** What Beads leaves out of a line when it is empty: its absence clears the field. */
const clearable = new Set([
  ...["description", "design", "acceptance_criteria", "notes", "assignee", "owner"],
  ...["estimated_minutes", "started_at", "due_at", "defer_until", "external_ref", "sender"],
  ...["ephemeral", "pinned", "is_template", "await_type", "await_id", "timeout", "waiters"],
  ...["mol_type", "source_formula", "created_by"],
]);
/** What has a meaning of its own, or is said by another part. */
const special = new Set([
  ...["id", "_type", "status", "labels", "dependencies", "comments", "metadata"],
  ...["closed_at", "close_reason", "updated_at", "deleted_at", "deleted_by", "delete_reason"],
  ...["original_type"],
]);

/**
 * What one version of a line has otherwise than each of its parents'.
 *
 * A key that Beads does not know, and what is ours under `metadata.gt`, is not taken back by a
 * tool that dropped it.
 */
export function editsOf(row: Row, parents: readonly Row[]): Edit[] {
  const sets = parents.map((parent) => editsFrom(row, parent));
  const [first = [], ...others] = sets;
  // Of a merge, only what no parent had.
  return first.filter((edit) => others.every((edits) => edits.some((o) => isSame(o, edit))));
}

function isSame(a: Edit, b: Edit): boolean {
  const strip = (edit: Edit) => ({ ...edit, from: undefined });
  return isDeepStrictEqual(strip(a), strip(b));
}

function editsFrom(row: Row, parent: Row): Edit[] {
  return [
    ...fieldEdits(flat(row), flat(parent)),
    ...setEdits(labels(row), labels(parent), "label"),
    ...edgeEdits(row, parent),
    ...commentEdits(row, parent),
    ...statusEdits(row, parent),
  ];
}

function fieldEdits(row: Row, parent: Row): Edit[] {
  const names = [...new Set([...Object.keys(row), ...Object.keys(parent)])];
  return names.flatMap((name): Edit[] => {
    if (special.has(name) && name !== "metadata") return [];
    const [to, from] = [ownValue(row, name) ?? null, ownValue(parent, name) ?? null];
    if (isSameValue(to, from) || (to === null && !clearable.has(name))) return [];
    return [{ kind: "field", name, from, to }];
  });
}

/** What a row says of a key; of one such as `constructor` every object says something. */
export function ownValue(row: Row, key: string): Json | undefined {
  return Object.hasOwn(row, key) ? row[key] : undefined;
}

/** Two spellings of one instant are one value. */
function isSameValue(a: Json, b: Json): boolean {
  if (isDeepStrictEqual(a, b)) return true;
  if (typeof a !== "string" || typeof b !== "string") return false;
  const isTime = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d/.test(a);
  return isTime && !Number.isNaN(Date.parse(b)) && compareInstants(a, b) === 0;
}

/** A line with `metadata.gt.x` as `gt.x`, and with the defaults that a line may leave out. */
function flat(row: Row): Row {
  const { metadata, ...rest } = row;
  // A key of theirs that only looks like ours is not.
  const theirs = Object.entries(rest).filter(([name]) => !name.startsWith("gt."));
  const known = { priority: 2, issue_type: "task", ...Object.fromEntries(theirs) };
  return { ...known, ...metadataFields(metadata) };
}

function statusEdits(row: Row, parent: Row): Edit[] {
  const [to, from] = [text(row["status"], "open"), text(parent["status"], "open")];
  if (to !== from) return [{ kind: "status", from, to }];
  const reason = text(row["close_reason"]);
  const isOther = to === "closed" && reason !== text(parent["close_reason"]);
  return isOther ? [{ kind: "reason", to: reason }] : [];
}

function labels(row: Row): string[] {
  return list(row["labels"]).filter((label) => typeof label === "string");
}

function setEdits(to: readonly string[], from: readonly string[], what: "label"): Edit[] {
  const added = to.filter((label) => !from.includes(label));
  const removed = from.filter((label) => !to.includes(label));
  return [
    ...added.map((label): Edit => ({ kind: `${what}+`, label })),
    ...removed.map((label): Edit => ({ kind: `${what}-`, label })),
  ];
}

function edgeEdits(row: Row, parent: Row): Edit[] {
  const [to, from] = [edges(row), edges(parent)];
  return [
    ...minus(from, to, edgeName).map((edge): Edit => ({ kind: "edge-", edge })),
    ...minus(to, from, edgeName).map((edge): Edit => ({ kind: "edge+", edge })),
  ];
}

function edges(row: Row): EdgeRow[] {
  return list(row["dependencies"]).map((each) => {
    const { issue_id: _, type, depends_on_id: to, ...rest } = object(each);
    return { ...rest, depends_on_id: text(to), type: text(type, "blocks") };
  });
}

function commentEdits(row: Row, parent: Row): Edit[] {
  const [to, from] = [comments(row), comments(parent)];
  return [
    ...minus(from, to, commentName).map((comment): Edit => ({ kind: "comment-", comment })),
    ...minus(to, from, commentName).map((comment): Edit => ({ kind: "comment+", comment })),
  ];
}

function comments(row: Row): CommentRow[] {
  const said = new Map<string, number>();
  return list(row["comments"]).map((each) => {
    const { id, author, text: words, created_at: at } = object(each);
    const name = typeof id === "number" ? String(id) : text(id);
    const made = text(at) === "" ? {} : { created_at: text(at) };
    const what = JSON.stringify([author, words]);
    const nth = (said.get(what) ?? 0) + 1;
    said.set(what, nth);
    return { id: name, author: text(author), text: text(words), ...made, nth };
  });
}

function minus<T>(all: readonly T[], taken: readonly T[], name: (each: T) => string): T[] {
  const names = new Set(taken.map(name));
  return all.filter((each) => !names.has(name(each)));
}

// Not their times, nor a comment's id: tools were seen to write those anew on every sync.
const edgeName = ({ type, depends_on_id: to }: EdgeRow) => `${type} ${to}`;
const commentName = ({ author, text: words, nth }: CommentRow) =>
  JSON.stringify([author, words, nth]);

function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

function object(value: Json | undefined): { [key: string]: Json } {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? value : {};
}

function text(value: Json | undefined, absent = ""): string {
  return typeof value === "string" && value !== "" ? value : absent;
}

/** The name of what an edit changes, for the key under which it is applied once. */
export function editName(edit: Edit): string {
  switch (edit.kind) {
    case "field":
      return edit.name;
    case "label+":
    case "label-":
      return `${edit.kind} ${edit.label}`;
    case "edge+":
    case "edge-":
      return `${edit.kind} ${edgeName(edit.edge)}`;
    case "comment+":
    case "comment-":
      return `${edit.kind} ${commentName(edit.comment)}`;
    default:
      return edit.kind;
  }
}

/** Whether a field was written here after the commit was made, and on top of another value. */
export function isNewerHere(
  edit: { readonly from: Json; readonly to: Json },
  held: { readonly value: Json; readonly wroteMs: number },
  commitMs: number,
): boolean {
  if (isDeepStrictEqual(held.value, edit.from) || isDeepStrictEqual(held.value, edit.to)) {
    return false;
  }
  return held.wroteMs > commitMs;
}

/** Whether a line that no parent had is a newer state of a bead than the ledger's. */
export function isNewerRow(row: Row, bead: Bead): boolean {
  return compareInstants(text(row["updated_at"]), bead.updatedAt) > 0;
}

/** Whether a line that no parent had was made from a bead as the ledger has it now. */
export function isRowOfAge(row: Row, bead: Bead): boolean {
  const at = text(row["updated_at"]);
  return at !== "" && compareInstants(at, bead.updatedAt) === 0;
}
