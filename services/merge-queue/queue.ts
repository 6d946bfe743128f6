import type { Bead } from "#services/ledger/bead.ts";
import { firstCreation } from "#services/ledger/derive.ts";
import { compareEpochs } from "#services/ledger/epoch.ts";
import { ancestors } from "#services/ledger/readiness.ts";
import { isEnrolledId, rigs } from "#services/ledger/rigs.ts";
import {
  attemptsField,
  type Merge,
  type MergeState,
  mergeField,
  mergeStateField,
  workField,
} from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { type Orderable, orderQueue } from "./queue-order.ts";

/** One merge request that has not been settled yet. */
export type QueuedRequest = Orderable & {
  readonly uid: string;
  /** The work bead's id and title. */
  readonly beadId: string;
  readonly title: string;
  readonly merge: Merge;
  readonly state: MergeState;
  /** How many candidates were tested for it. */
  readonly attempts: number;
  /** Who put it on hold; undefined where nobody did. */
  readonly heldBy: string | undefined;
  /** 1, 2, 3 … in the order of landing; 0 while held. */
  readonly position: number;
  /** Ids of beads that have to be closed before it may land, or that have not arrived here. */
  readonly waitsFor: readonly string[];
  /** Why it can land no more; undefined while it can. */
  readonly stale: string | undefined;
};

/** The queue of a rig: what is to land, in its order, then what is held. */
export function mergeQueue(world: World, rig: string): QueuedRequest[] {
  const unsettled = world.ofType("merge-request").flatMap((bead) => {
    const request = bead.status === "closed" ? undefined : readRequest(bead, world);
    return request?.merge.rig === rig ? [request] : [];
  });
  const ordered = orderQueue(unsettled.filter(({ heldBy }) => heldBy === undefined));
  const held = orderQueue(unsettled.filter(({ heldBy }) => heldBy !== undefined));
  const queue = ordered.map((request, at) => ({
    ...request,
    position: at + 1,
    waitsFor: [...request.waitsFor, ...openNeeds(request, ordered.slice(at + 1), world)],
  }));
  return [
    ...queue,
    ...held.map((request) => ({
      ...request,
      waitsFor: [...request.waitsFor, ...openNeeds(request, [], world)],
    })),
  ];
}

/**
 * The request that a lane takes up: the first of those that wait for nothing. With none of them
 * left, one that the Refinery itself has put on hold and that is due for another try.
 */
export function headOf(
  queue: readonly QueuedRequest[],
  refinery: string,
  isDue: (uid: string) => boolean,
): QueuedRequest | undefined {
  const free = queue.filter(({ waitsFor, stale }) => waitsFor.length === 0 || stale !== undefined);
  return (
    free.find(({ heldBy, stale }) => heldBy === undefined || stale !== undefined) ??
    free.find(({ heldBy, uid }) => heldBy === refinery && isDue(uid))
  );
}

/** A request as its bead says it; undefined where this version cannot read it. */
export function readRequest(bead: Bead, world: World): QueuedRequest | undefined {
  const merge = mergeField.read(bead);
  const workUid = workField.read(bead);
  if (!merge || workUid === undefined || bead.deleted) return undefined;
  const work = world.bead(workUid);
  const state = mergeStateField.read(bead) ?? "queued";
  const creation = firstCreationMs(bead, world);
  return {
    uid: bead.uid,
    id: bead.id,
    bead: work?.uid ?? workUid,
    beadId: work?.id ?? workUid,
    title: work?.title ?? bead.title,
    merge,
    state,
    priority: bead.priority,
    submittedMs: creation,
    attempts: attemptsField.read(bead) ?? 0,
    heldBy: state === "held" ? writerOf(bead, mergeStateField.name, world) : undefined,
    position: 0,
    needs: work ? needsOf(work, world) : [],
    waitsFor: arrivals(merge, work, workUid),
    stale: work && staleness(merge, work),
  };
}

function firstCreationMs(bead: Bead, world: World): number {
  const state = world.state(bead.uid);
  return (state && firstCreation(state)?.stamp[0]) ?? 0;
}

function writerOf(bead: Bead, field: string, world: World): string {
  return world.state(bead.uid)?.fields.get(field)?.origin.actor ?? "";
}

/** What a request names and this replica has not heard of yet: nothing is decided without it. */
function arrivals(merge: Merge, work: Bead | undefined, workUid: string): string[] {
  if (!work) return [workUid];
  const known = work.claim !== undefined && compareEpochs(work.claim.epoch, merge.epoch) >= 0;
  return known || work.status === "closed" || work.deleted ? [] : [`claim ${merge.epoch}`];
}

function staleness(merge: Merge, work: Bead): string | undefined {
  if (work.deleted) return `${work.id} was deleted`;
  if (work.status === "closed") return `${work.id} is closed already (${work.closeKind || "done"})`;
  const highest = work.claim?.epoch;
  if (highest === undefined || compareEpochs(highest, merge.epoch) <= 0) return undefined;
  return `${work.id} was claimed again under ${highest}, so epoch ${merge.epoch} no longer counts`;
}

/** What a bead, or one above it, is blocked by: uids, and ids that have not arrived. */
function needsOf(work: Bead, world: World): string[] {
  const enrolled = rigs(world);
  const line = [work, ...ancestors(work, world)];
  return line.flatMap((bead) =>
    bead.dependencies.flatMap(({ type, uid, id }) => {
      if (type !== "blocks" || line.some((each) => each.uid === uid)) return [];
      const target = uid === undefined ? undefined : world.bead(uid);
      if (!target) return isEnrolledId(id, enrolled) ? [id] : [];
      return target.deleted || ["closed", "pinned"].includes(target.status) ? [] : [target.uid];
    }),
  );
}

/** The names of what it needs, but for what goes after it since they need each other. */
function openNeeds(
  { needs }: QueuedRequest,
  after: readonly QueuedRequest[],
  world: World,
): string[] {
  const later = new Set(after.map(({ bead }) => bead));
  return needs.filter((need) => !later.has(need)).map((need) => world.bead(need)?.id ?? need);
}
