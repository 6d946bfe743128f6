import { type Bead, isHeld } from "./bead.ts";
import { edgeKey, type Json, liveAdditions } from "./bead-state.ts";
import type { Cursor, Draft, EdgeValue, Values } from "./event.ts";
import type { Tier } from "./tier.ts";
import type { World } from "./world.ts";

/** A bead to be made; what is not given is written as the ledger's default. */
export type NewBead = {
  readonly uid: string;
  readonly id: string;
  readonly title: string;
  /** `task` if absent. */
  readonly issueType?: string | undefined;
  /** 0 to 4; 2 if absent. */
  readonly priority?: number | undefined;
  /** `open` if absent. */
  readonly status?: string | undefined;
  readonly assignee?: string | undefined;
  /** Every further field: texts, and ours under `gt.…`. */
  readonly fields?: Readonly<Record<string, Json>> | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly edges?: readonly EdgeValue[] | undefined;
  readonly comments?: Values<"create">["comments"];
};

/** Make a bead. Check `world.bead(uid)` first where the uid is derived. */
export function createBead(bead: NewBead): Draft {
  const { uid, id, title, issueType = "task", priority = 2, status = "open", assignee } = bead;
  const fields = { title, issue_type: issueType, priority, status };
  const values: Values<"create"> = {
    id,
    fields: { ...fields, ...(assignee && { assignee }), ...bead.fields },
  };
  if (bead.labels && bead.labels.length > 0) values.labels = [...bead.labels];
  if (bead.edges && bead.edges.length > 0) values.edges = [...bead.edges];
  if (bead.comments && bead.comments.length > 0) values.comments = bead.comments;
  return { bead: uid, op: "create", values };
}

/** Write fields; `null` clears one. `epoch` where the write belongs to an attempt. */
export function setFields(
  uid: string,
  fields: Readonly<Record<string, Json>>,
  epoch?: string,
): Draft {
  return { bead: uid, op: "set", values: { fields }, ...(epoch !== undefined && { epoch }) };
}

/** Add labels. */
export function addLabels(uid: string, labels: readonly string[]): Draft {
  return { bead: uid, op: "label", values: { add: [...labels] } };
}

/** Remove labels: names the additions seen, so that a concurrent one stays. */
export function removeLabels(world: World, uid: string, labels: readonly string[]): Draft[] {
  const held = world.state(uid)?.labels;
  const remove: Record<string, string[]> = {};
  for (const label of labels) {
    const element = held?.get(label);
    const seen = element ? liveAdditions(element).map(({ hash }) => hash) : [];
    if (seen.length > 0) remove[label] = seen;
  }
  return Object.keys(remove).length > 0 ? [{ bead: uid, op: "unlabel", values: { remove } }] : [];
}

/** Add edges from this bead; `to` is the target's uid, or its id where no uid is known. */
export function addEdges(uid: string, edges: readonly EdgeValue[]): Draft {
  return { bead: uid, op: "link", values: { add: [...edges] } };
}

/** Remove the edges to one target (uid or id), of one type or of every. Nothing if not there. */
export function removeEdges(world: World, uid: string, target: string, type?: string): Draft[] {
  const known = world.bead(target)?.uid ?? target;
  const edges = world.bead(uid)?.dependencies ?? [];
  const held = world.state(uid)?.edges;
  const remove: Record<string, string[]> = {};
  for (const edge of edges) {
    if ((edge.uid ?? edge.to) !== known || (type !== undefined && edge.type !== type)) continue;
    const element = held?.get(edgeKey(edge));
    if (element) remove[edgeKey(edge)] = liveAdditions(element).map(({ hash }) => hash);
  }
  return Object.keys(remove).length > 0 ? [{ bead: uid, op: "unlink", values: { remove } }] : [];
}

/** Remark on a bead; a derived `id` makes it one remark, however often it is written. */
export function addComment(
  uid: string,
  remark: { author: string; text: string; id?: string },
): Draft {
  return { bead: uid, op: "comment", values: { ...remark } };
}

/** Take comments back, by id. */
export function removeComments(uid: string, ids: readonly string[]): Draft {
  return { bead: uid, op: "uncomment", values: { remove: [...ids] } };
}

/** Claim a bead for a worker under `<term>.<n>`. Only the authority of its rig writes this. */
export function claimBead(
  uid: string,
  epoch: string,
  claim: { machine: string; polecat: string; cursor?: Cursor | undefined },
): Draft {
  const { machine, polecat, cursor } = claim;
  return { bead: uid, op: "claim", epoch, values: { machine, polecat, ...(cursor && { cursor }) } };
}

/** A worker was started under `<term>.<n>.<respawn>`. */
export function spawnWorker(
  uid: string,
  epoch: string,
  spawn: { session: string; machine: string },
): Draft {
  return { bead: uid, op: "spawn", epoch, values: { ...spawn } };
}

/** End an attempt: the bead may be claimed again. */
export function releaseBead(uid: string, epoch: string, reason: string, exit?: string): Draft {
  return { bead: uid, op: "release", epoch, values: { reason, ...(exit && { exit }) } };
}

/** How a bead was closed. */
export type Closing = {
  /** The close's id: the same id twice is one close. */
  readonly close: string;
  /** merged, done, failed, rejected, … */
  readonly kind: string;
  readonly reason: string;
  /** The attempt that it belongs to, with its respawn. */
  readonly epoch?: string | undefined;
  /** RFC 3339, where it differs from the event's own time. */
  readonly closedAt?: string | undefined;
  readonly commit?: string | undefined;
  /** The uid of the merge request that landed. */
  readonly request?: string | undefined;
};

/** Close a bead. */
export function closeBead(uid: string, closing: Closing): Draft {
  const { close, kind, reason, epoch, closedAt, commit, request } = closing;
  const values: Values<"close"> = { close, kind, reason };
  if (closedAt !== undefined) values.closed_at = closedAt;
  if (commit !== undefined) values.commit = commit;
  if (request !== undefined) values.request = request;
  return { bead: uid, op: "close", values, ...(epoch !== undefined && { epoch }) };
}

/** Open a bead again: every close seen so far is undone. */
export function reopenBead(bead: Bead, reason: string): Draft {
  return { bead: bead.uid, op: "reopen", values: { closes: [...bead.closes], reason } };
}

/** Delete a bead visibly; `digest` is the uid of the bead that keeps its outcome. */
export function tombstone(uid: string, reason: string, digest?: string): Draft {
  return { bead: uid, op: "delete", values: { reason, ...(digest !== undefined && { digest }) } };
}

/** Keep an ended bead in another tier until something happens to it. */
export function moveBead(uid: string, tier: Tier): Draft {
  return { bead: uid, op: "tier", values: { tier } };
}

/** Mark the first draft as the request's, so that the ledger knows it was applied. */
export function forRequest(key: string, drafts: readonly Draft[]): Draft[] {
  return drafts.map((draft, index) => (index === 0 ? { ...draft, request: key } : draft));
}

/** The epoch of the attempt that holds the bead now, or undefined. */
export function heldEpoch(bead: Bead): string | undefined {
  return isHeld(bead) ? bead.claim?.epoch : undefined;
}
