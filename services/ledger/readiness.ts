import { type Bead, type Dependency, isHeld, textField } from "./bead.ts";
import { type EnrolledRig, isEnrolledId, rigs } from "./rigs.ts";
import { unmet } from "./unmet.ts";
import { closesCycle, components, isWaitType, waitGraph } from "./waiting.ts";
import { moleculeField, type Sling, slingField, splitField, wispField } from "./work-fields.ts";
import type { World } from "./world.ts";

/** What holds one bead back, and what was noticed about it that does not; a sentence each. */
export type Readiness = {
  readonly blocked: readonly string[];
  readonly notes: readonly string[];
};

/** Types of beads that are no work. */
export const machinery: readonly string[] = [
  ...["molecule", "gate", "message", "merge-request", "agent", "rig", "machine", "event"],
  ...["convoy", "role"],
];
const notWork = new Set(machinery);

/** Whether a bead is work that someone filed: no mail, step, wisp, agent or other machinery. */
export function isWork(bead: Bead): boolean {
  if (bead.deleted || notWork.has(bead.issueType)) return false;
  return moleculeField.read(bead) === undefined && wispField.read(bead) === undefined;
}

/** Whether a bead is ever handed to a worker. An epic is worked through its children. */
export function isDispatchable(bead: Bead): boolean {
  return isWork(bead) && bead.issueType !== "epic" && !isTemplate(bead) && !isEphemeral(bead);
}

/** Open beads that are work, in no order; costs what is open, not what exists. */
export function openWork(world: World): Bead[] {
  return world.readiness.open();
}

/** Open work that somebody holds or that was placed, in no order; costs what there is of it. */
export function workInHand(world: World): Bead[] {
  return world.readiness.inHand();
}

/** Why a bead may not be dispatched now; empty if it may, or if it is closed. */
export function blockedBy(bead: Bead, world: World, nowMs: number): readonly string[] {
  return judgeReadiness(world, nowMs)(bead).blocked;
}

/** Whether a bead may be dispatched now. For many beads use {@link judgeReadiness} once. */
export function isReady(bead: Bead, world: World, nowMs: number): boolean {
  return isOpenWork(bead) && blockedBy(bead, world, nowMs).length === 0;
}

/** Beads that may be dispatched now, in no order; costs what is ready, not what exists. */
export function readyBeads(world: World, nowMs: number): Bead[] {
  return world.readiness.ready(nowMs);
}

function isOpenWork(bead: Bead): boolean {
  return bead.status !== "closed" && isDispatchable(bead);
}

/**
 * The settings under which a bead was slung, itself or with an ancestor; the nearest one's win.
 * Undefined while nobody has asked for it.
 */
export function slingOf(bead: Bead, world: World): Sling | undefined {
  let merged: Sling | undefined;
  for (const each of [bead, ...ancestors(bead, world)]) {
    const sling = slingField.read(each);
    if (sling) merged = { ...sling, ...merged };
    if (isLatePart(each, world)) break;
  }
  return merged;
}

/**
 * Whether a part was filed by an attempt that was over by then: its bead is worked on as it is, and
 * nobody asked for the part. A release is told once, so what it says is what was in time.
 */
function isLatePart(bead: Bead, world: World): boolean {
  const epoch = splitField.read(bead);
  if (epoch === undefined || bead.parent === undefined) return false;
  return world.state(bead.parent)?.releases.get(epoch)?.exit !== "REFACTOR";
}

/** Whether somebody asked for a bead, or for one above it, to be worked. */
export function isSlung(bead: Bead, world: World): boolean {
  return slingOf(bead, world) !== undefined;
}

/** The parents of a bead, the nearest first; each once, whatever concurrent edges say. */
export function ancestors(bead: Bead, world: World): Bead[] {
  const seen = new Set([bead.uid]);
  const found: Bead[] = [];
  let parent = bead.parent === undefined ? undefined : world.bead(bead.parent);
  while (parent && !seen.has(parent.uid)) {
    seen.add(parent.uid);
    found.push(parent);
    parent = parent.parent === undefined ? undefined : world.bead(parent.parent);
  }
  return found;
}

/** The merge request that holds a bead: submitted, and neither landed nor rejected. */
export function liveMergeRequest(bead: Bead, world: World): Bead | undefined {
  return world
    .ofWork(bead.uid)
    .find(
      (each) => each.issueType === "merge-request" && !each.deleted && each.status !== "closed",
    );
}

/**
 * Judge beads of one moment: what is found for one is kept for the next, so that a walk over all
 * visits each edge a few times. Use it at once; it does not see later events.
 */
export function judgeReadiness(world: World, nowMs: number): (bead: Bead) => Readiness {
  const waits = judgeWaits(world, nowMs);
  return (bead) => {
    if (bead.status === "closed" || bead.deleted) return { blocked: [], notes: [] };
    const { blocked, notes } = waits(bead);
    return { blocked: [...ownState(bead, world), ...blocked], notes };
  };
}

/** What holds a bead, and only it: its children go on. */
export function ownState(bead: Bead, world: World): string[] {
  const held = isHeld(bead) && bead.claim;
  const request = liveMergeRequest(bead, world);
  return [
    ...(held ? [`held by ${held.polecat} on ${held.machine} under epoch ${held.epoch}`] : []),
    ...(request ? [`its merge request ${request.id} has not landed yet`] : []),
    ...(held || ["open", "in_progress"].includes(bead.status) ? [] : [`it is ${bead.status}`]),
    ...(bead.fields["pinned"] === true && bead.status !== "pinned" ? ["it is pinned"] : []),
    ...(isTemplate(bead) ? ["it is a template"] : []),
    ...(isEphemeral(bead) ? ["it is ephemeral"] : []),
  ];
}

/** What the judgement of a bead's own edges rests on. */
export type Circumstances = {
  readonly world: World;
  readonly nowMs: number;
  readonly enrolled: readonly EnrolledRig[];
  /** Whether an edge is the newest of a cycle, and so holds nobody. */
  readonly isDropped: (bead: Bead, edge: Dependency) => boolean;
};

/** What holds a bead and all below it: its edges, its date, and those of its parents. */
function judgeWaits(world: World, nowMs: number): (bead: Bead) => Readiness {
  const known = new Map<string, Readiness>();
  const graph = waitGraph(world, isInGraph);
  const sccs = components(graph);
  const isDropped = (bead: Bead, { to, uid, type }: Dependency): boolean => {
    const edge = graph.edges(bead.uid).find((e) => e.to === (uid ?? to) && e.type === type);
    return edge !== undefined && closesCycle(graph, edge, sccs);
  };
  const near: Circumstances = { world, nowMs, enrolled: rigs(world), isDropped };
  const settle = (bead: Bead, above: string | undefined): void => {
    const { blocked, notes } = ownWaits(bead, near);
    const all = above === undefined ? blocked : [...blocked, above];
    known.set(bead.uid, { blocked: all, notes });
  };
  return (bead) => {
    // From the top down, so that a deep tree needs no deep stack.
    const line: Bead[] = [];
    const places = new Map<string, number>();
    let at: Bead | undefined = bead;
    while (at && !known.has(at.uid) && !places.has(at.uid)) {
      places.set(at.uid, line.push(at) - 1);
      at = parentOf(at, world);
    }
    const circle = at === undefined ? undefined : places.get(at.uid);
    const members = circle === undefined ? [] : line.splice(circle);
    for (const [index, member] of members.entries()) {
      settle(member, circleBlock([...members.slice(index), ...members.slice(0, index)], near));
    }
    for (const each of line.reverse()) {
      const up = parentEdge(each);
      const reason = up?.uid === undefined ? undefined : known.get(up.uid)?.blocked[0];
      settle(
        each,
        up && reason !== undefined && !isDropped(each, up) ? under(up, reason) : undefined,
      );
    }
    return known.get(bead.uid) ?? { blocked: [], notes: [] };
  };
}

/** Whether a bead's edges can be part of a cycle that matters: nobody waits in a closed one. */
export function isInGraph(bead: Bead): boolean {
  return bead.status !== "closed" && !bead.deleted;
}

/** The edge by which a bead is below another; a deleted one is below nobody. */
export function parentEdge(bead: Bead): Dependency | undefined {
  if (bead.deleted) return undefined;
  return bead.dependencies.find(({ type }) => type === "parent-child");
}

function parentOf(bead: Bead, world: World): Bead | undefined {
  const uid = parentEdge(bead)?.uid;
  return uid === undefined ? undefined : world.bead(uid);
}

function under(up: Dependency, reason: string): string {
  return `its parent ${up.id} is blocked: ${reason}`;
}

/** What the first of a circle of parents has from those above it, each the parent of the last. */
function circleBlock(circle: readonly Bead[], near: Circumstances): string | undefined {
  const passed: Dependency[] = [];
  for (const [index, bead] of circle.entries()) {
    const reason = index === 0 ? undefined : ownWaits(bead, near).blocked[0];
    if (reason !== undefined) return passed.reduceRight((inner, up) => under(up, inner), reason);
    const up = parentEdge(bead);
    if (!up || near.isDropped(bead, up)) return undefined;
    passed.push(up);
  }
  return undefined;
}

/** What holds a bead and all below it by its own edges and date. */
export function ownWaits(bead: Bead, near: Circumstances): Readiness {
  const [blocked, notes]: [string[], string[]] = [[], []];
  if (bead.deleted) return { blocked, notes }; // It waits for nothing, nor do its children for it.
  for (const edge of bead.dependencies) {
    if (!isWaitType(edge.type) || edge.type === "parent-child") continue;
    const { block, note } = judgeEdge(bead, edge, near);
    if (block !== undefined) blocked.push(block);
    if (note !== undefined) notes.push(note);
  }
  const date = deferral(bead, near.nowMs);
  if (date !== undefined) blocked.push(`deferred until ${date}`);
  return { blocked, notes };
}

function judgeEdge(
  bead: Bead,
  edge: Dependency,
  { world, enrolled, isDropped }: Circumstances,
): { readonly block?: string; readonly note?: string } {
  const { id, type, uid } = edge;
  const target = uid === undefined ? undefined : world.bead(uid);
  if (!target && !isEnrolledId(id, enrolled)) {
    return { note: `${id} (${type}) is not of this town and does not block` };
  }
  const reason = target ? unmet(bead, target, edge, world) : "has not arrived here yet";
  if (reason === undefined) return {};
  if (target && isDropped(bead, edge)) {
    return { note: `${type} ${id} closes a cycle as its newest edge and does not block` };
  }
  return { block: `waits for ${id}, which ${reason}` };
}

function deferral(bead: Bead, nowMs: number): string | undefined {
  return deferredUntilMs(bead) > nowMs ? textField(bead, "defer_until") : undefined;
}

/** When a bead's own date comes; -Infinity where it has none that can be read. */
export function deferredUntilMs(bead: Bead): number {
  const ms = Date.parse(textField(bead, "defer_until"));
  return Number.isNaN(ms) ? Number.NEGATIVE_INFINITY : ms;
}

function isTemplate(bead: Bead): boolean {
  return bead.fields["is_template"] === true || bead.labels.includes("template");
}

function isEphemeral(bead: Bead): boolean {
  return bead.fields["ephemeral"] === true;
}
