import { isDeepStrictEqual } from "node:util";
import { asWrittenField } from "./as-written.ts";
import type { Bead } from "./bead.ts";
import type { Json } from "./bead-state.ts";
import { toBeadsLine } from "./beads-line.ts";
import { addEdges, closeBead, removeEdges, reopenBead, setFields } from "./drafts.ts";
import { draftsOfEdit, type EditSource, edgeValue } from "./edit-drafts.ts";
import type { Draft } from "./event.ts";
import { type Edit, editName, editsOf, type Row } from "./foreign-edit.ts";
import { derivedBase36, requestKey } from "./ids.ts";
import type { ImportedBead } from "./imported-bead.ts";
import { compareInstants } from "./instant.ts";
import type { World } from "./world.ts";

/** What a line of a file comes to, of a bead that the ledger has. */
export type RowEdits = {
  readonly outcome: "changed" | "unchanged" | "older" | "skipped";
  readonly why?: string;
  readonly drafts: readonly Draft[];
};

type Difference = { readonly name: string; readonly drafts: readonly Draft[] };

/**
 * Compare a line with the bead that the ledger has. A newer line changes the bead field by field;
 * an older one changes nothing.
 */
export function editsOfRow(
  world: World,
  held: Bead,
  bead: ImportedBead,
  resolve: (id: string) => string,
): RowEdits {
  const before = JSON.parse(toBeadsLine(held, world)) as Row;
  if (isDeepStrictEqual(bead.row, before)) return { outcome: "unchanged", drafts: [] };
  const cause = derivedBase36(16, "import", held.uid, JSON.stringify(bead.row));
  const source: EditSource = {
    cause: `import:${cause}`,
    where: "an import says so",
    atMs: Date.parse(bead.updatedAt),
    row: bead.row,
    resolve,
  };
  const found = differences(world, held, before, source);
  const names = [...new Set(found.map(({ name }) => name))].join(", ");
  if (held.deleted && bead.row["status"] !== "tombstone") {
    const why = "it was deleted here, and that is for good: file it under an id of its own";
    return { outcome: "skipped", why, drafts: [] };
  }
  const [begin, end] = [requestKey("import", `${cause} begin`), requestKey("import", cause)];
  const isCutShort = world.requested(begin) !== undefined && world.requested(end) === undefined;
  const order = compareInstants(bead.updatedAt, held.updatedAt);
  if (order <= 0 && !isCutShort) {
    if (found.length === 0) return { outcome: "unchanged", drafts: [] };
    const line = bead.updatedAt === "" ? "no updated_at" : `updated_at ${bead.updatedAt}`;
    const isSame = order === 0 && bead.updatedAt !== "";
    const why = isSame
      ? `same updated_at, other content (${names}): nothing changed`
      : `${names} differ, and it has ${line} against ${held.updatedAt} here`;
    return { outcome: "older", why, drafts: [] };
  }
  const changes = found.flatMap(({ drafts }) => drafts);
  const last = lastDraft(world, held, bead, resolve, changes);
  const others = changes.filter(({ op }) => op !== "set");
  const drafts: Draft[] = [...others, { ...last, request: end }];
  // So that an import which a crash cut short is known, and goes on where it stopped.
  if (drafts[0] && drafts.length > 1) drafts[0] = { ...drafts[0], request: begin };
  return { outcome: "changed", why: names || "updated_at", drafts };
}

/** Every field in one write, and it is the newest: so `updated_at` stays as the line has it. */
function lastDraft(
  world: World,
  held: Bead,
  bead: ImportedBead,
  resolve: (id: string) => string,
  changes: readonly Draft[],
): Draft {
  const fields: Record<string, Json> = {};
  for (const change of changes)
    if (change.op === "set") Object.assign(fields, change.values.fields);
  // What an edit of the view does not say: there the deletion's own event does.
  for (const name of deletionKeys) if (bead.row[name]) fields[name] = bead.row[name];
  const marks = marksOf(bead, resolve);
  const hadMarks = world.state(held.uid)?.fields.has(asWrittenField);
  if (marks !== undefined || hadMarks) fields[asWrittenField] = marks ?? null;
  return setFields(held.uid, { ...fields, updated_at: bead.updatedAt });
}

const deletionKeys = ["deleted_at", "deleted_by", "delete_reason", "original_type"];

/** What the line has otherwise than we would write it, as if it had been filed as new. */
function marksOf(bead: ImportedBead, resolve: (id: string) => string): Json | undefined {
  const creation = bead.drafts(resolve).find(({ op }) => op === "create");
  return creation?.op === "create" ? creation.values.fields[asWrittenField] : undefined;
}

function differences(world: World, held: Bead, before: Row, source: EditSource): Difference[] {
  const { row } = source;
  const edits = editsOf(row, [before]).filter(isTaken);
  // As a creation has it: what closed at no known time did by the time of its line.
  const dated = { ...source, row: { ...row, closed_at: row["closed_at"] || row["updated_at"] } };
  const found = [
    ...edits.map((edit) => ({
      name: wordsOf(edit),
      drafts: draftsOfEdit(edit, held, world, dated),
    })),
    ...closeDifference(held, before, source),
    ...edgeDifferences(world, held, before, source),
  ];
  // What no event comes of is no difference: an edge, say, that a tool could not hold.
  return found.filter(({ drafts }) => drafts.length > 0);
}

/** How it was closed is compared whole; and nobody takes a comment back by leaving it out. */
function isTaken({ kind }: Edit): boolean {
  return kind !== "reason" && kind !== "comment-";
}

function wordsOf(edit: Edit): string {
  if (edit.kind === "comment+") return "comments";
  return editName(edit).replace(/^(label|edge)([+-]) /, "$1 $2");
}

/** Another time or reason of the same close. How a landed bead was closed no file can say. */
function closeDifference(held: Bead, before: Row, { row, cause }: EditSource): Difference[] {
  if (row["status"] !== "closed" || before["status"] !== "closed") return [];
  const [closedAt, reason] = [words(row["closed_at"]), words(row["close_reason"])];
  const isSame =
    reason === words(before["close_reason"]) &&
    (closedAt === "" || compareInstants(closedAt, held.closedAt ?? "") === 0);
  if (isSame || held.closeKind === "merged") return [];
  const close = { close: `${cause}:again`, kind: held.closeKind, reason };
  const drafts = [
    reopenBead(held, "closed at another time, or for another reason"),
    closeBead(held.uid, { ...close, closedAt: closedAt || held.closedAt }),
  ];
  return [{ name: "how it was closed", drafts }];
}

/** Edges that are on both sides, and say something else of themselves than when and by whom. */
function edgeDifferences(
  world: World,
  held: Bead,
  before: Row,
  { row, resolve }: EditSource,
): Difference[] {
  const mine = new Map(edgesOf(before).map((edge) => [edgeName(edge), edge]));
  return edgesOf(row).flatMap((edge): Difference[] => {
    const other = mine.get(edgeName(edge));
    if (!other || isDeepStrictEqual(detailsOf(edge), detailsOf(other))) return [];
    const type = words(edge["type"]) || "blocks";
    const drafts = [
      ...removeEdges(world, held.uid, words(edge["depends_on_id"]), type),
      addEdges(held.uid, [edgeValue(edge, resolve)]),
    ];
    return [{ name: `edge ${edgeName(edge)}`, drafts }];
  });
}

function edgesOf(row: Row): Row[] {
  const edges = row["dependencies"];
  return Array.isArray(edges) ? (edges as Row[]) : [];
}

function edgeName(edge: Row): string {
  return `${words(edge["type"]) || "blocks"} ${words(edge["depends_on_id"])}`;
}

function detailsOf(edge: Row): Row {
  const { issue_id: _, type: __, created_at: ___, created_by: ____, ...rest } = edge;
  return rest;
}

function words(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
