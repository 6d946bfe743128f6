import { asWrittenField, differences } from "./as-written.ts";
import { type BeadState, emptyBead, type Json } from "./bead-state.ts";
import { fullRow, plainRow } from "./beads-line.ts";
import type { BeadsEdge, BeadsRow } from "./beads-row.ts";
import { deriveBead } from "./derive.ts";
import { closeBead, createBead, tombstone } from "./drafts.ts";
import type { Draft, EdgeValue, Values } from "./event.ts";
import { foldEvent } from "./fold.ts";
import type { Row } from "./foreign-edit.ts";
import { derivedBase36, derivedUid } from "./ids.ts";
import { metadataFields } from "./metadata-fields.ts";

/** A bead from a file of Beads. */
export type ImportedBead = {
  readonly id: string;
  /** Derived from id and creation time, so that importing twice is importing once. */
  readonly uid: string;
  readonly title: string;
  readonly issueType: string;
  readonly createdAt: string;
  /** Empty where the line does not say. */
  readonly updatedAt: string;
  /** Closed, or deleted. */
  readonly isEnded: boolean;
  /** The line as it came. */
  readonly row: Row;
  /** Its edges, with the ids of their targets as the file has them. */
  readonly edges: readonly EdgeValue[];
  /** What files it; `resolve` gives a target's uid where it is known, else the id itself. */
  readonly drafts: (resolve: (id: string) => string) => Draft[];
};

// These are written by operations of their own, or say what the line's place says.
const notFields = new Set([
  ...["_type", "id", "labels", "dependencies", "comments", "closed_at", "metadata"],
]);

/**
 * A line that was read.
 *
 * @param row the line as it came
 * @param read the same, checked, with what this version defaults
 */
export function importedBead(row: Row, read: BeadsRow): ImportedBead {
  const { id, created_at: createdAt } = read;
  const uid = derivedUid("import", id, createdAt ?? "");
  const edges = (read.dependencies ?? []).map(edgeOf);
  const name = { uid, id };
  return {
    id,
    uid,
    title: read.title,
    issueType: read.issue_type,
    createdAt: createdAt ?? "",
    updatedAt: read.updated_at ?? "",
    isEnded: isEnded(read),
    row,
    edges,
    drafts: (resolve) => {
      const drafts = [...endings(name, read), creation(name, read, edges, resolve)];
      const ids = new Map(edges.map(({ to }) => [resolve(to), to]));
      const marks = differencesOf(row, name, drafts, ids);
      return marks === undefined ? drafts : drafts.map((draft) => marked(draft, marks));
    },
  };
}

type Name = { readonly uid: string; readonly id: string };

function creation(
  { uid, id }: Name,
  read: BeadsRow,
  edges: readonly EdgeValue[],
  resolve: (id: string) => string,
): Draft {
  const { title, status, issue_type: issueType, labels } = read;
  const standing = isEnded(read) ? "open" : status;
  const priority = read.priority ?? 2;
  return createBead({
    uid,
    id,
    title,
    // The close and the tombstone are what says so; a bead that is reopened is then open.
    fields: { ...fieldsOf(read), priority, issue_type: issueType, status: standing },
    labels: labels ?? [],
    edges: edges.map((edge) => ({ ...edge, to: resolve(edge.to) })),
    comments: commentsOf(uid, read),
  });
}

/** A creation that also carries what its line had otherwise. */
function marked(draft: Draft, marks: Json): Draft {
  if (draft.op !== "create") return draft;
  const fields = { ...draft.values.fields, [asWrittenField]: marks };
  return { ...draft, values: { ...draft.values, fields } };
}

/** What the line has otherwise than the bead that its drafts make, seen by making it. */
function differencesOf(
  row: Row,
  { uid, id }: Name,
  drafts: readonly Draft[],
  ids: ReadonlyMap<string, string>,
): Json | undefined {
  const state: BeadState = emptyBead(uid);
  for (const [index, draft] of drafts.entries()) {
    const hash = String(index);
    const values = draft.values as Record<string, Json>;
    const event = { v: 1, writer: "", seq: index, clock: [index, 0] as const, actor: "import" };
    foldEvent(state, { ...event, bead: uid, op: draft.op, values, prev: "", hash, line: "" });
  }
  const bead = deriveBead(state, {
    resolve: (to) => ({ uid: to, id: ids.get(to) ?? to }),
    name: () => id,
    highestClaim: () => undefined,
  });
  const names = new Map([["comments", bead.comments.map((comment) => comment.id)]]);
  return differences(row, plainRow(bead, state), fullRow(bead, state), names);
}

function isEnded({ status }: BeadsRow): boolean {
  return status === "closed" || status === "tombstone";
}

/**
 * How the bead ended. These come before its creation, so that the newest write is the one that
 * carries `updated_at`, which then stays as the file has it.
 */
function endings({ uid }: Name, read: BeadsRow): Draft[] {
  const { status, close_reason: reason, delete_reason: deleteReason } = read;
  if (status === "tombstone") return [tombstone(uid, deleteReason ?? "")];
  if (status !== "closed") return [];
  const closedAt = (read.closed_at ?? read.updated_at) || undefined;
  return [closeBead(uid, { close: "import", kind: "done", reason: reason ?? "", closedAt })];
}

function edgeOf(edge: BeadsEdge): EdgeValue {
  const { issue_id: _, depends_on_id: to, created_at: at, created_by: by, ...rest } = edge;
  return { ...rest, to, ...(at && { created_at: at }), ...(by && { created_by: by }) };
}

/** Each under a name of its own: two of one id, or without one, are two comments all the same. */
function commentsOf(uid: string, { comments }: BeadsRow): Values<"create">["comments"] {
  const used = new Set<string>();
  return (comments ?? []).map((comment, index) => {
    const { id: given, author, text, created_at: at } = comment;
    const id = String(given ?? "");
    const what = ["comment", uid, id, author ?? "", text ?? "", at ?? ""];
    const made = derivedBase36(12, ...what);
    const names = [...(id === "" ? [] : [id]), made, derivedBase36(12, ...what, String(index))];
    const name = names.find((each) => !used.has(each)) ?? made;
    used.add(name);
    return { id: name, author: author ?? "", text: text ?? "", ...(at && { created_at: at }) };
  });
}

/** Every field as written; what `metadata.gt` holds becomes fields of ours, `gt.…`. */
function fieldsOf(read: BeadsRow): Record<string, Json> {
  const entries = Object.entries(read).filter(([name, value]) => {
    const isOurs = name.startsWith("gt."); // A key of theirs that only looks so.
    return !notFields.has(name) && !isOurs && value !== undefined && value !== null;
  }) as [string, Json][];
  const metadata = read["metadata"] as Json | undefined;
  return { ...Object.fromEntries(entries), ...metadataFields(metadata) };
}
