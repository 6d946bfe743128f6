import { isDeepStrictEqual } from "node:util";
import type { Bead, Comment } from "./bead.ts";
import type { Json } from "./bead-state.ts";
import {
  addComment,
  addEdges,
  addLabels,
  closeBead,
  removeComments,
  removeEdges,
  removeLabels,
  reopenBead,
  setFields,
  tombstone,
} from "./drafts.ts";
import type { Draft, EdgeValue } from "./event.ts";
import { type CommentRow, type Edit, isNewerHere, type Row } from "./foreign-edit.ts";
import { derivedBase36 } from "./ids.ts";
import { commentNumber } from "./view-line.ts";
import type { World } from "./world.ts";

/** Where an edit comes from. */
export type EditSource = {
  /** What a close by this edit is called: the same cause twice is one close. */
  readonly cause: string;
  /** Where it was found, for people: `in commit 1a2b3c`. */
  readonly where: string;
  /** When it was made, ms since the epoch. */
  readonly atMs: number;
  /** The line as it is there. */
  readonly row: Row;
  /** A target's uid, where it is known. */
  readonly resolve: (id: string) => string;
};

/** What an edit comes to here; nothing where the ledger says so already, or says newer. */
export function draftsOfEdit(edit: Edit, bead: Bead, world: World, source: EditSource): Draft[] {
  const { uid } = bead;
  switch (edit.kind) {
    case "field":
      return fieldDrafts(edit, bead, world, source);
    case "status":
      return statusDrafts(edit, bead, world, source);
    case "reason":
      return reasonDrafts(edit.to, bead, source);
    case "label+":
      return bead.labels.includes(edit.label) ? [] : [addLabels(uid, [edit.label])];
    case "label-":
      return removeLabels(world, uid, [edit.label]);
    case "edge+": {
      const { depends_on_id: to, type } = edit.edge;
      const isHeld = bead.dependencies.some((each) => each.id === to && each.type === type);
      return isHeld ? [] : [addEdges(uid, [edgeValue(edit.edge, source.resolve)])];
    }
    case "edge-":
      // A tool that cannot hold an edge to what it does not know drops it with its next write.
      if (!world.bead(edit.edge.depends_on_id)) return [];
      return removeEdges(world, uid, edit.edge.depends_on_id, edit.edge.type);
    case "comment+":
      return commentDrafts(edit.comment, bead, world);
    case "comment-": {
      const held = heldComment(edit.comment, bead);
      return held ? [removeComments(uid, [held.id])] : [];
    }
  }
}

/** An edge of a line as an event carries it: by whom and when only where the line says so. */
export function edgeValue(edge: Row, resolve: (id: string) => string): EdgeValue {
  const { issue_id: _, depends_on_id: to, type, created_at: at, created_by: by, ...rest } = edge;
  const made = {
    ...(words(at) && { created_at: words(at) }),
    ...(words(by) && { created_by: words(by) }),
  };
  return { ...rest, to: resolve(words(to)), type: words(type) || "blocks", ...made };
}

function fieldDrafts(
  edit: { readonly name: string; readonly from: Json; readonly to: Json },
  bead: Bead,
  world: World,
  { atMs }: EditSource,
): Draft[] {
  const register = world.state(bead.uid)?.fields.get(edit.name);
  const held = { value: register?.value ?? null, wroteMs: register?.origin.stamp[0] ?? 0 };
  if (isDeepStrictEqual(held.value, edit.to) || isNewerHere(edit, held, atMs)) return [];
  return [setFields(bead.uid, { [edit.name]: edit.to })];
}

function statusDrafts(
  { from, to }: { readonly from: string; readonly to: string },
  bead: Bead,
  world: World,
  source: EditSource,
): Draft[] {
  const { uid } = bead;
  const { cause, where, row } = source;
  if (bead.deleted) return []; // A deletion is for good.
  // bd 0.49 writes this over by itself each time it is started.
  if (from === "pinned" && to === "hooked") return [];
  if (to === "tombstone") return [tombstone(uid, words(row["delete_reason"]))];
  if (to === "closed") {
    if (bead.status === "closed") return [];
    const closedAt = words(row["closed_at"]) || undefined;
    const reason = words(row["close_reason"]);
    return [closeBead(uid, { close: cause, kind: "done", reason, closedAt })];
  }
  const written = fieldDrafts({ name: "status", from, to }, bead, world, source);
  if (from !== "closed") return written;
  if (bead.status !== "closed") return [];
  return [reopenBead(bead, where), ...written];
}

/** Another reason for the same close. How a landed bead was closed is not for a file to say. */
function reasonDrafts(reason: string, bead: Bead, { cause }: EditSource): Draft[] {
  const { uid, closeKind: kind, closedAt, closeReason } = bead;
  if (bead.status !== "closed" || kind === "merged" || closeReason === reason) return [];
  const close = { close: `${cause}:reason`, kind, reason, closedAt };
  return [reopenBead(bead, "another reason for its close"), closeBead(uid, close)];
}

/** The comment that a line means: by its id, or as the same one of those that say the same. */
function heldComment({ id, author, text, nth }: CommentRow, bead: Bead): Comment | undefined {
  const same = bead.comments.filter((c) => c.author === author && c.text === text);
  const named = same.find((c) => c.id === id || String(commentNumber(bead.uid, c.id)) === id);
  return named ?? same[nth - 1];
}

/** Under its own id, unless that is or was another comment's: some tools count them. */
function commentDrafts(comment: CommentRow, bead: Bead, world: World): Draft[] {
  const { id, author, text, created_at: at } = comment;
  if (heldComment(comment, bead)) return [];
  const state = world.state(bead.uid);
  const isFree = id !== "" && !state?.comments.has(id) && !state?.uncommented.has(id);
  const made = derivedBase36(12, "comment", bead.uid, id, author, text, at ?? "");
  if (!isFree && state?.comments.has(made)) return [];
  const draft = addComment(bead.uid, { author, text, id: isFree ? id : made });
  return [{ ...draft, values: { ...draft.values, ...(at && { created_at: at }) } } as Draft];
}

function words(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
