import { asWrittenField, restored } from "./as-written.ts";
import type { Bead, Comment, Dependency } from "./bead.ts";
import { type BeadState, compareOrigins, edgeKey, type Json, liveAdditions } from "./bead-state.ts";
import { stampTime } from "./clock.ts";
import type { Row } from "./foreign-edit.ts";
import type { World } from "./world.ts";

/** The keys in the order of Beads' own writer; what it does not know comes last, by name. */
const order = [
  ...["_type", "id", "title", "description", "design", "acceptance_criteria", "notes"],
  ...["status", "priority", "issue_type", "assignee", "owner", "estimated_minutes"],
  ...["created_at", "created_by", "updated_at", "started_at", "closed_at", "close_reason"],
  ...["due_at", "defer_until", "external_ref", "metadata", "labels", "dependencies", "comments"],
  ...["deleted_at", "deleted_by", "delete_reason", "original_type"],
  ...["sender", "ephemeral", "pinned", "is_template", "bonded_from"],
  ...["await_type", "await_id", "timeout", "waiters", "source_formula", "mol_type"],
];
const places = new Map(order.map((name, place) => [name, place]));

/** One bead as a line of Beads' JSONL, without the line end; ours goes under `metadata.gt`. */
export function toBeadsLine(bead: Bead, world: Pick<World, "state">): string {
  const state = world.state(bead.uid);
  const full = fullRow(bead, state);
  const written = state?.fields.get(asWrittenField)?.value;
  const row = written ? restored(written, plainRow(bead, state), full) : full;
  return JSON.stringify(sorted(row));
}

/** What the ledger says of a bead, with what nobody wrote filled in: who made it, and when. */
export function fullRow(bead: Bead, state: BeadState | undefined): Row {
  return { ...deletion(bead, state), ...rowOf(bead, state, true) };
}

/** The same with nothing filled in: what was written, and no more. */
export function plainRow(bead: Bead, state: BeadState | undefined): Row {
  return rowOf(bead, state, false);
}

function rowOf(bead: Bead, state: BeadState | undefined, isFull: boolean): Row {
  const made = (name: string, filled: string) => {
    const written = state?.fields.get(name)?.value;
    return (typeof written === "string" && written) || (isFull ? filled : undefined);
  };
  const row: { [key: string]: Json | undefined } = {
    ...theirFields(bead),
    id: bead.id,
    title: bead.title,
    status: bead.status,
    priority: bead.priority,
    issue_type: bead.issueType,
    assignee: bead.assignee || undefined,
    created_at: made("created_at", bead.createdAt),
    created_by: made("created_by", bead.createdBy) || undefined,
    updated_at: isFull || isEdited(state) ? bead.updatedAt : undefined,
    metadata: beadMetadata(bead),
    labels: bead.labels.length > 0 ? [...bead.labels] : undefined,
    dependencies: some(bead.dependencies.map((each) => dependencyRow(bead, each, state, isFull))),
    comments: some(bead.comments.map((each) => commentRow(bead, each, state, isFull))),
  };
  if (bead.status === "closed") {
    row["closed_at"] = isFull || isCloseDated(bead, state) ? bead.closedAt : undefined;
    row["close_reason"] = bead.closeReason || undefined;
  }
  return row;
}

/** Whether `updated_at` says something: a line wrote it, or somebody wrote after the import. */
function isEdited(state: BeadState | undefined): boolean {
  const last = state?.last?.hash;
  if (state?.fields.get("updated_at")?.origin.hash === last) return true;
  const imported = state?.fields.get(asWrittenField)?.origin.hash;
  return imported !== undefined && imported !== last;
}

/** Whether the close said itself when it was. */
function isCloseDated({ closedAt }: Bead, state: BeadState | undefined): boolean {
  return [...(state?.closes.values() ?? [])].some((close) => close.closedAt === closedAt);
}

/** `metadata` as everyone sees it: what was written there, and fields of ours under `gt`. */
export function beadMetadata(bead: Bead): Json | undefined {
  const own: { [key: string]: Json } = {};
  for (const [name, value] of Object.entries(bead.fields)) {
    if (isOurs(name) && name !== asWrittenField) own[name.slice("gt.".length)] = value;
  }
  const written = bead.fields["metadata"];
  if (Object.keys(own).length === 0) return written;
  const isObject = typeof written === "object" && written !== null && !Array.isArray(written);
  return { ...(isObject && written), gt: own };
}

function theirFields(bead: Bead): Record<string, Json> {
  const fields = Object.entries(bead.fields);
  return Object.fromEntries(fields.filter(([name]) => !isOurs(name)));
}

function isOurs(name: string): boolean {
  return name.startsWith("gt.");
}

function dependencyRow(
  bead: Bead,
  dependency: Dependency,
  state: BeadState | undefined,
  isFull: boolean,
): { [key: string]: Json } {
  const element = state?.edges.get(edgeKey(dependency));
  const { to: _, ...more } = (element && liveAdditions(element)[0]?.value) ?? {};
  return {
    issue_id: bead.id,
    depends_on_id: dependency.id,
    ...(more as { [key: string]: Json }),
    type: dependency.type,
    ...(isFull && { created_at: dependency.createdAt }),
    ...(isFull && dependency.createdBy !== "" && { created_by: dependency.createdBy }),
  };
}

function commentRow(
  bead: Bead,
  { id, author, text, createdAt }: Comment,
  state: BeadState | undefined,
  isFull: boolean,
): { [key: string]: Json } {
  const written = isFull ? createdAt : state?.comments.get(id)?.createdAt;
  const at = written !== undefined && { created_at: written };
  return { id, issue_id: bead.id, author, text, ...at };
}

/** What an imported tombstone says of itself stands; its deletion here was the import. */
function deletion(bead: Bead, state: BeadState | undefined): Record<string, Json> {
  if (!bead.deleted || bead.fields["deleted_at"]) return {};
  const first = [...(state?.deletes.values() ?? [])].sort(compareOrigins)[0];
  if (!first) return {};
  return {
    deleted_at: stampTime(first.stamp),
    deleted_by: first.actor,
    ...(first.reason !== "" && { delete_reason: first.reason }),
    original_type: bead.issueType,
  };
}

function some(rows: Json[]): Json[] | undefined {
  return rows.length > 0 ? rows : undefined;
}

function sorted(row: Row): Row {
  const place = (name: string) => places.get(name) ?? order.length;
  const entries = Object.entries(row);
  entries.sort(([a], [b]) => place(a) - place(b) || (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}
