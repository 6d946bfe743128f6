import { type Bead, type Dependency, isHeld, textField } from "./bead.ts";
import { edgeKey, liveAdditions } from "./bead-state.ts";
import { isEnrolledId, rigs } from "./rigs.ts";
import { closesCycle, components, isWaitType, waitGraph } from "./waiting.ts";
import { moleculeField, type Sling, slingField } from "./work-fields.ts";
import type { World } from "./world.ts";

/** What holds one bead back, and what was noticed about it that does not; a sentence each. */
export type Readiness = {
  readonly blocked: readonly string[];
  readonly notes: readonly string[];
};

const notWork = new Set([
  ...["molecule", "gate", "message", "merge-request", "agent", "rig", "machine", "event"],
  ...["convoy", "role"],
]);
const failures =
  /failed|rejected|wontfix|won't fix|cancel+ed|abandoned|blocked|error|timeout|aborted/i;

/** Whether a bead is work that someone filed: no mail, step, agent or other machinery. */
export function isWork(bead: Bead): boolean {
  return !bead.deleted && !notWork.has(bead.issueType) && moleculeField.read(bead) === undefined;
}

/** Whether a bead is ever handed to a worker. An epic is worked through its children. */
export function isDispatchable(bead: Bead): boolean {
  return isWork(bead) && bead.issueType !== "epic" && !isTemplate(bead) && !isEphemeral(bead);
}

/** Open beads that are work, in no order. The one place to put an index behind. */
export function openWork(world: World): Bead[] {
  const open: Bead[] = [];
  for (const bead of world.all()) {
    if (bead.status !== "closed" && isWork(bead)) open.push(bead);
  }
  return open;
}

/** Why a bead may not be dispatched now; empty if it may, or if it is closed. */
export function blockedBy(bead: Bead, world: World, nowMs: number): readonly string[] {
  return judgeReadiness(world, nowMs)(bead).blocked;
}

/** Whether a bead may be dispatched now. For many beads use {@link judgeReadiness} once. */
export function isReady(bead: Bead, world: World, nowMs: number): boolean {
  return isOpenWork(bead) && blockedBy(bead, world, nowMs).length === 0;
}

/** Beads that may be dispatched now, in no order. */
export function readyBeads(world: World, nowMs: number): Bead[] {
  const judge = judgeReadiness(world, nowMs);
  return openWork(world).filter((bead) => isOpenWork(bead) && judge(bead).blocked.length === 0);
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
  }
  return merged;
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
function ownState(bead: Bead, world: World): string[] {
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

/** What holds a bead and all below it: its edges, its date, and those of its parents. */
function judgeWaits(world: World, nowMs: number): (bead: Bead) => Readiness {
  const known = new Map<string, Readiness>();
  const enrolled = rigs(world);
  const graph = waitGraph(world, (bead) => bead.status !== "closed" && !bead.deleted);
  const sccs = components(graph);
  const isNewestOfCycle = (bead: Bead, dependency: Dependency): boolean => {
    const to = dependency.uid ?? dependency.to;
    const edge = graph.edges(bead.uid).find((e) => e.to === to && e.type === dependency.type);
    return edge !== undefined && closesCycle(graph, edge, sccs);
  };
  const judgeEdge = (bead: Bead, dependency: Dependency): Partial<Record<Kind, string>> => {
    const { id, type, uid } = dependency;
    const target = uid === undefined ? undefined : world.bead(uid);
    if (!target && !isEnrolledId(id, enrolled)) {
      return { note: `${id} (${type}) is not of this town and does not block` };
    }
    const reason = target ? unmet(bead, target, dependency, world) : "has not arrived here yet";
    if (reason === undefined) return {};
    if (target && isNewestOfCycle(bead, dependency)) {
      return { note: `${type} ${id} closes a cycle as its newest edge and does not block` };
    }
    return { block: `waits for ${id}, which ${reason}` };
  };
  const judge = (bead: Bead, parent: () => string | undefined): Readiness => {
    const own = bead.dependencies
      .filter(({ type }) => isWaitType(type) && type !== "parent-child")
      .map((dependency) => judgeEdge(bead, dependency));
    const date = deferral(bead, nowMs);
    const above = parent();
    const blocked = [
      ...own.flatMap(({ block }) => (block === undefined ? [] : [block])),
      ...(date === undefined ? [] : [`deferred until ${date}`]),
      ...(above === undefined ? [] : [above]),
    ];
    return { blocked, notes: own.flatMap(({ note }) => (note === undefined ? [] : [note])) };
  };
  return (bead) => {
    // From the top down, so that a deep tree needs no deep stack.
    const line = [bead, ...ancestors(bead, world)];
    const start = line.findIndex(({ uid }) => known.has(uid));
    const rest = start < 0 ? line : line.slice(0, start);
    for (const each of rest.reverse()) {
      known.set(
        each.uid,
        judge(each, () => parentBlock(each, known, isNewestOfCycle)),
      );
    }
    return known.get(bead.uid) ?? { blocked: [], notes: [] };
  };
}

type Kind = "block" | "note";

function parentBlock(
  bead: Bead,
  known: ReadonlyMap<string, Readiness>,
  isNewestOfCycle: (bead: Bead, dependency: Dependency) => boolean,
): string | undefined {
  const up = bead.dependencies.find(({ type }) => type === "parent-child");
  const reason = up?.uid === undefined ? undefined : known.get(up.uid)?.blocked[0];
  if (!up || reason === undefined || isNewestOfCycle(bead, up)) return undefined;
  return `its parent ${up.id} is blocked: ${reason}`;
}

/** Why an edge still holds its bead back, or undefined. */
function unmet(bead: Bead, target: Bead, edge: Dependency, world: World): string | undefined {
  if (edge.type === "waits-for") return unmetWait(bead, target, edge, world);
  if (edge.type === "conditional-blocks") {
    if (target.deleted) return "was deleted without failing";
    if (target.status !== "closed") return `has not failed: it is ${target.status}`;
    return closedAsFailed(target) ? undefined : "closed without failing";
  }
  const done = target.deleted || target.status === "closed" || target.status === "pinned";
  return done ? undefined : `is ${target.status}`;
}

function unmetWait(bead: Bead, target: Bead, edge: Dependency, world: World): string | undefined {
  const spawned = world.children(target.uid).filter(({ uid }) => uid !== bead.uid);
  const open = spawned.filter(({ status }) => status !== "closed");
  const over = target.status === "closed" || target.deleted;
  if (waitsForAny(bead, edge, world)) {
    if (open.length < spawned.length || (over && spawned.length === 0)) return undefined;
    return spawned.length === 0 ? "has no child yet" : "has no closed child yet";
  }
  if (open.length > 0) return `has ${open.length} open of ${spawned.length} children`;
  return over ? undefined : `is ${target.status} and may get more children`;
}

/** Beads writes the edge's metadata as JSON in a string: `{"gate":"any-children"}`. */
function waitsForAny(bead: Bead, edge: Dependency, world: World): boolean {
  const element = world.state(bead.uid)?.edges.get(edgeKey(edge));
  const metadata = element && liveAdditions(element)[0]?.value["metadata"];
  return /\bany(-children)?\b/.test(JSON.stringify(metadata ?? ""));
}

/** Whether a close says that the work failed. Merged is merged, whatever the words. */
export function closedAsFailed(bead: Bead): boolean {
  if (bead.status !== "closed" || bead.closeKind === "merged") return false;
  return failures.test(bead.closeKind) || failures.test(bead.closeReason);
}

function deferral(bead: Bead, nowMs: number): string | undefined {
  const until = textField(bead, "defer_until");
  return until !== "" && Date.parse(until) > nowMs ? until : undefined;
}

function isTemplate(bead: Bead): boolean {
  return bead.fields["is_template"] === true || bead.labels.includes("template");
}

function isEphemeral(bead: Bead): boolean {
  return bead.fields["ephemeral"] === true;
}
