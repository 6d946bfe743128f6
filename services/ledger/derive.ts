import type { Bead, Claim, Comment, Dependency } from "./bead.ts";
import {
  type BeadState,
  type ClaimRecord,
  type CloseRecord,
  type Creation,
  compareOrigins,
  type Json,
  liveAdditions,
} from "./bead-state.ts";
import { stampTime } from "./clock.ts";
import { claimEpoch, compareEpochs, parseEpoch } from "./epoch.ts";
import type { EdgeValue } from "./event.ts";
import { readTier, type Tier } from "./tier.ts";

/** What a bead's view needs of the others. */
export type Neighbours = {
  /** The current uid and id behind a uid or id, if known. */
  readonly resolve: (to: string) => { uid: string; id: string } | undefined;
  /** The name that this bead bears: its own id, or another one where two creations chose one. */
  readonly name: (uid: string) => string;
  /** The highest claim of a bead. */
  readonly highestClaim: (uid: string) => ClaimRecord | undefined;
};

// Most beads have no comments, no edges, no closes: they share this.
const none: readonly never[] = [];

const plain = new Set([
  "title",
  "status",
  "issue_type",
  "priority",
  "assignee",
  "created_by",
  "created_at",
  "updated_at",
  "closed_at",
  "close_reason",
]);

/** The bead as everyone sees it. Pure: the same states give the same view. */
export function deriveBead(state: BeadState, near: Neighbours): Bead {
  const creation = firstCreation(state);
  const claim = deriveClaim(state);
  const closes = [...state.closes.values()].sort(compareOrigins);
  const standing = closes.filter(({ close }) => !state.reopened.has(close));
  const effective = standing.find((close) => counts(close, state, near));
  const deleted = state.deletes.size > 0;
  const text = (name: string) => string(state.fields.get(name)?.value);
  const dependencies = deriveEdges(state, near);
  const parent = dependencies.find(({ type }) => type === "parent-child");
  const held = claim !== undefined && !claim.released && !effective;
  const createdAt = text("created_at") || (creation ? stampTime(creation.stamp) : "");
  return {
    uid: state.uid,
    id: near.name(state.uid),
    title: text("title"),
    status: status(isPutAside(state, claim) ? "deferred" : text("status"), {
      ...{ deleted, closed: effective !== undefined, held },
    }),
    issueType: text("issue_type") || "task",
    priority: number(state.fields.get("priority")?.value, 2),
    assignee: held ? claim.polecat : text("assignee"),
    createdBy: text("created_by") || (creation?.actor ?? ""),
    createdAt,
    updatedAt: updatedAt(state, createdAt),
    closedAt: effective && (effective.closedAt ?? stampTime(effective.stamp)),
    closeReason: effective?.reason ?? "",
    closeKind: effective?.kind ?? "",
    closedBy: effective?.actor ?? "",
    closeCommit: effective?.commit,
    closes: closes.length === 0 ? none : closes.map(({ close }) => close),
    late: standing.length > 0 && !effective,
    labels: state.labels.size === 0 ? none : deriveLabels(state),
    dependencies,
    comments: state.comments.size === 0 ? none : deriveComments(state),
    claim,
    parent: parent && (parent.uid ?? parent.id),
    fields: otherFields(state),
    deleted,
    tier: deriveTier(state, deleted || effective !== undefined),
  };
}

/**
 * Where the bead is kept. A move counts while nothing has happened since; what was squashed into a
 * digest is in the archive at once.
 */
function deriveTier({ tier, last, deletes }: BeadState, isEnded: boolean): Tier {
  if (!isEnded) return "active";
  for (const { digest } of deletes.values()) if (digest !== undefined) return "archive";
  const counts = tier && last && compareOrigins(tier.origin, last) > 0;
  return counts ? readTier(tier.value) : "active";
}

/** The claim with the highest epoch. */
export function highestClaim(state: BeadState): ClaimRecord | undefined {
  let highest: ClaimRecord | undefined;
  for (const claim of state.claims.values()) {
    if (!highest || compareEpochs(claim.epoch, highest.epoch) > 0) highest = claim;
  }
  return highest;
}

/** The earliest creation: it gives the bead its name. */
export function firstCreation(state: BeadState): Creation | undefined {
  return creations(state)[0];
}

/** A bead's creations, the earliest first. */
export function creations(state: BeadState): Creation[] {
  const all = [...state.creations.values()];
  return all.length < 2 ? all : all.sort(compareOrigins);
}

/**
 * Whether a close counts. One without an epoch, and one as merged, always does; one of an attempt
 * does if it was made under the work's highest claim or that claim's cursor names the step.
 */
function counts(close: CloseRecord, state: BeadState, near: Neighbours): boolean {
  if (close.epoch === undefined || close.kind === "merged") return true;
  const work = string(state.fields.get("gt.work")?.value) || state.uid;
  const highest = near.highestClaim(work);
  if (!highest) return true; // The claim has not arrived yet; its work bead says more when it does.
  if (claimEpoch(close.epoch) === highest.epoch) return true;
  return highest.cursor !== undefined && Object.hasOwn(highest.cursor.steps, state.uid);
}

function status(written: string, is: { deleted: boolean; closed: boolean; held: boolean }): string {
  if (is.deleted) return "tombstone";
  if (is.closed) return "closed";
  if (is.held) return "in_progress";
  return written === "" || written === "closed" || written === "tombstone" ? "open" : written;
}

/**
 * Whether the last attempt left its bead to a person, and nobody wrote a status since. It is read
 * from the release, not written: so a late word of an attempt that is over puts nothing aside.
 */
function isPutAside(state: BeadState, claim: Claim | undefined): boolean {
  if (claim?.exit !== "ESCALATE" && claim?.exit !== "REFACTOR") return false;
  const release = state.releases.get(claim.epoch);
  const written = state.fields.get("status")?.origin;
  return release !== undefined && (!written || compareOrigins(written, release) < 0);
}

function deriveClaim(state: BeadState): Claim | undefined {
  const highest = highestClaim(state);
  if (!highest) return undefined;
  const release = state.releases.get(highest.epoch);
  let respawn: number | undefined;
  for (const epoch of state.spawns.keys()) {
    if (claimEpoch(epoch) !== highest.epoch) continue;
    respawn = Math.max(respawn ?? 0, parseEpoch(epoch).respawn ?? 0);
  }
  return {
    epoch: highest.epoch,
    machine: highest.machine,
    polecat: highest.polecat,
    claimedAt: stampTime(highest.stamp),
    released: release !== undefined,
    exit: release?.exit,
    respawn,
    continueFrom: highest.cursor?.commit ?? "",
    done: highest.cursor?.steps ?? {},
  };
}

function deriveLabels(state: BeadState): string[] {
  const live = [...state.labels].filter(([, element]) => liveAdditions(element).length > 0);
  return live.map(([label]) => label).sort();
}

function deriveEdges(state: BeadState, near: Neighbours): readonly Dependency[] {
  if (state.edges.size === 0) return none;
  const edges: Dependency[] = [];
  for (const element of state.edges.values()) {
    const first = liveAdditions(element).find(({ value }) => isInTime(value, state));
    if (!first) continue;
    const { to, type, created_at: createdAt, created_by: createdBy } = first.value;
    const target = near.resolve(to);
    edges.push({
      to,
      uid: target?.uid,
      id: target?.id ?? to,
      type,
      createdAt: createdAt ?? stampTime(first.stamp),
      createdBy: createdBy ?? first.actor,
    });
  }
  return edges.sort((a, b) => order(a.id, b.id) || order(a.type, b.type) || order(a.to, b.to));
}

function deriveComments(state: BeadState): Comment[] {
  const kept = [...state.comments.values()].filter(({ id }) => !state.uncommented.has(id));
  return kept.sort(compareOrigins).map((comment) => ({
    id: comment.id,
    author: comment.author,
    text: comment.text,
    createdAt: comment.createdAt ?? stampTime(comment.stamp),
  }));
}

/** What an attempt waits for counts only where that was how the attempt ended. */
function isInTime(edge: EdgeValue, { releases }: BeadState): boolean {
  const epoch = edge["epoch"];
  return typeof epoch !== "string" || releases.get(epoch)?.exit === "BLOCKED";
}

function updatedAt(state: BeadState, createdAt: string): string {
  const written = state.fields.get("updated_at");
  const last = state.last;
  if (written && (!last || written.origin.hash === last.hash)) return string(written.value);
  return last ? stampTime(last.stamp) : createdAt;
}

function otherFields(state: BeadState): Record<string, Json> {
  const fields: Record<string, Json> = {};
  for (const name of [...state.fields.keys()].sort()) {
    const value = state.fields.get(name)?.value;
    if (!plain.has(name) && value !== undefined && value !== null) fields[name] = value;
  }
  return fields;
}

function string(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function number(value: Json | undefined, absent: number): number {
  return typeof value === "number" ? value : absent;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
