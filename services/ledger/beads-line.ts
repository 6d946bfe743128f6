import type { Bead, Dependency } from "./bead.ts";
import { compareOrigins, edgeKey, type Json, liveAdditions } from "./bead-state.ts";
import { stampTime } from "./clock.ts";
import type { World } from "./world.ts";

/** The keys in the order of Beads' own writer; what it does not know comes last, by name. */
const order = [
  ...["id", "title", "description", "design", "acceptance_criteria", "notes"],
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
  const row: Record<string, Json | undefined> = {
    ...theirFields(bead),
    id: bead.id,
    title: bead.title,
    status: bead.status,
    priority: bead.priority,
    issue_type: bead.issueType,
    assignee: bead.assignee || undefined,
    created_at: bead.createdAt,
    created_by: bead.createdBy || undefined,
    updated_at: bead.updatedAt,
    metadata: beadMetadata(bead),
    labels: bead.labels.length > 0 ? [...bead.labels] : undefined,
    dependencies: some(bead.dependencies.map((each) => dependencyRow(bead, each, world))),
    comments: some(commentRows(bead)),
  };
  if (bead.status === "closed") {
    row["closed_at"] = bead.closedAt;
    row["close_reason"] = bead.closeReason || undefined;
  }
  // What an imported tombstone says of itself stands; its deletion here was the import.
  if (bead.deleted && !row["deleted_at"]) Object.assign(row, deletion(bead, world));
  return JSON.stringify(sorted(row));
}

/** `metadata` as everyone sees it: what was written there, and fields of ours under `gt`. */
export function beadMetadata(bead: Bead): Json | undefined {
  const own: { [key: string]: Json } = {};
  for (const [name, value] of Object.entries(bead.fields)) {
    if (name.startsWith("gt.")) own[name.slice("gt.".length)] = value;
  }
  const written = bead.fields["metadata"];
  if (Object.keys(own).length === 0) return written;
  const isObject = typeof written === "object" && written !== null && !Array.isArray(written);
  return { ...(isObject && written), gt: own };
}

function theirFields(bead: Bead): Record<string, Json> {
  const fields = Object.entries(bead.fields);
  return Object.fromEntries(fields.filter(([name]) => !name.startsWith("gt.")));
}

function dependencyRow(
  bead: Bead,
  dependency: Dependency,
  world: Pick<World, "state">,
): { [key: string]: Json } {
  const element = world.state(bead.uid)?.edges.get(edgeKey(dependency));
  const { to: _, ...more } = (element && liveAdditions(element)[0]?.value) ?? {};
  return {
    issue_id: bead.id,
    depends_on_id: dependency.id,
    ...(more as { [key: string]: Json }),
    type: dependency.type,
    created_at: dependency.createdAt,
    ...(dependency.createdBy !== "" && { created_by: dependency.createdBy }),
  };
}

function commentRows(bead: Bead): Json[] {
  return bead.comments.map(({ id, author, text, createdAt }) => {
    return { id, issue_id: bead.id, author, text, created_at: createdAt };
  });
}

function deletion(bead: Bead, world: Pick<World, "state">): Record<string, Json> {
  const first = [...(world.state(bead.uid)?.deletes.values() ?? [])].sort(compareOrigins)[0];
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

function sorted(row: Record<string, Json | undefined>): Record<string, Json | undefined> {
  const place = (name: string) => places.get(name) ?? order.length;
  const entries = Object.entries(row);
  entries.sort(([a], [b]) => place(a) - place(b) || (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}
