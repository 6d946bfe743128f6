import type { Bead, Dependency } from "./bead.ts";
import { edgeKey, liveAdditions } from "./bead-state.ts";
import { isInGraph } from "./readiness.ts";
import {
  before,
  type Components,
  closesCycle,
  components,
  isWaitType,
  type Node,
  uidOf,
  type WaitGraph,
  waitGraph,
} from "./waiting.ts";
import type { World } from "./world.ts";

/** So many nodes are looked at forwards before the other way is tried too. */
const headStart = 4;
/** From so many changes on, one walk over all of them is cheaper than a walk for each. */
const manyChanges = 32;

/** What is kept of one bead: its shape, who shares a cycle with it, its dropped edges. */
export type SavedKnot = [shape: string, knot: string[], dropped: string[]];

/**
 * The edges that close a cycle as its newest, kept as beads change.
 *
 * Every cycle that comes or goes with a change runs through a bead that changed. So only the beads
 * that shared a cycle with one of those, or share one now, are looked at: nobody where there is no
 * cycle.
 */
export class Knots {
  readonly #world: World;
  readonly #waiters: (uid: string) => Iterable<string>;
  readonly #graph: WaitGraph;
  /** What of a bead shapes the graph, as last seen; absent where nothing does. */
  readonly #shapes = new Map<string, string>();
  /** By bead, all that share a cycle with it. */
  readonly #knots = new Map<string, ReadonlySet<string>>();
  readonly #dropped = new Map<string, ReadonlySet<string>>();

  /** @param waiters who waits for the children of a bead; more than there are does no harm */
  constructor(world: World, waiters: (uid: string) => Iterable<string>) {
    this.#world = world;
    this.#waiters = waiters;
    this.#graph = waitGraph(world, isInGraph);
  }

  /** Whether an edge is the newest of a cycle, and so holds nobody. */
  readonly isDropped = (bead: Bead, edge: Dependency): boolean =>
    this.#dropped.get(bead.uid)?.has(keyOf(edge)) ?? false;

  /** What is kept of a bead, to be put into another one's place by {@link load}. */
  save(uid: string): SavedKnot | undefined {
    const shape = this.#shapes.get(uid);
    const knot = this.#knots.get(uid);
    const dropped = this.#dropped.get(uid);
    if (shape === undefined && !knot && !dropped) return undefined;
    return [shape ?? "", [...(knot ?? [])], [...(dropped ?? [])]];
  }

  load(uid: string, [shape, knot, dropped]: SavedKnot): void {
    if (shape !== "") this.#shapes.set(uid, shape);
    if (knot.length > 0) this.#knots.set(uid, new Set(knot));
    if (dropped.length > 0) this.#dropped.set(uid, new Set(dropped));
  }

  /** Forget a bead that nobody waits for any more. */
  forget(uid: string): void {
    this.#shapes.delete(uid);
    this.#knots.delete(uid);
    this.#dropped.delete(uid);
  }

  /**
   * See beads that may have changed; returns those of which other edges are dropped now.
   *
   * @param seen every bead is added of which something else is kept from now on
   */
  update(beads: readonly Bead[], seen: Set<string>): Set<string> {
    const changed = beads.filter((bead) => this.#reshape(bead));
    const single = changed.length < manyChanges;
    const suspects = new Set<string>();
    for (const { uid } of changed) {
      for (const other of this.#knots.get(uid) ?? []) suspects.add(other);
      if (this.#dropped.has(uid)) suspects.add(uid);
      if (!this.#shapes.has(uid)) continue;
      if (!single || this.#isOnCycle(`start ${uid}`) || this.#isOnCycle(`finish ${uid}`)) {
        suspects.add(uid);
      }
    }
    const altered = this.#judge(suspects);
    for (const uid of suspects) seen.add(uid);
    return altered;
  }

  #judge(suspects: Set<string>): Set<string> {
    const sccs = components(this.#graph);
    const altered = new Set<string>();
    for (const uid of suspects) {
      const nodes = [sccs.members(`start ${uid}`), sccs.members(`finish ${uid}`)];
      const tied = nodes.flatMap((group) => (group.length > 1 ? group : []));
      const knot = new Set(tied.map((node) => uidOf(node as Node)));
      // Joins the walk: who shares a new cycle is judged anew as well.
      for (const other of knot) suspects.add(other);
      if (knot.size > 0) this.#knots.set(uid, knot);
      else this.#knots.delete(uid);
      if (this.#drop(uid, sccs)) altered.add(uid);
    }
    return altered;
  }

  /** Find which of a bead's edges hold nobody; whether they are others than before. */
  #drop(uid: string, sccs: Components): boolean {
    const before = this.#dropped.get(uid);
    const after = new Set<string>();
    const seen = new Set<string>();
    for (const edge of this.#graph.edges(uid)) {
      // Of two edges that lead to one bead, by its uid and by its id, the first is judged.
      const key = keyOf(edge);
      if (!seen.has(key) && closesCycle(this.#graph, edge, sccs)) after.add(key);
      seen.add(key);
    }
    if (after.size > 0) this.#dropped.set(uid, after);
    else this.#dropped.delete(uid);
    return after.size !== (before?.size ?? 0) || [...after].some((key) => !before?.has(key));
  }

  /** Note a bead's edges; whether they are others than before. */
  #reshape(bead: Bead): boolean {
    const shape = this.#shapeOf(bead);
    if (shape === (this.#shapes.get(bead.uid) ?? "")) return false;
    if (shape === "") this.#shapes.delete(bead.uid);
    else this.#shapes.set(bead.uid, shape);
    return true;
  }

  #shapeOf(bead: Bead): string {
    const epic = bead.issueType === "epic" ? "epic\n" : "";
    if (!isInGraph(bead)) return epic;
    const edges = bead.dependencies.filter(({ type }) => isWaitType(type));
    if (edges.length === 0) return epic;
    const held = this.#world.state(bead.uid)?.edges;
    const parts = edges.map((edge) => {
      const element = held?.get(edgeKey(edge));
      // Once its uid means something, the bead is among the children of what it names.
      const known = edge.uid === undefined ? "" : "+";
      return `${keyOf(edge)} ${known}${element && liveAdditions(element)[0]?.hash.slice(0, 16)}\n`;
    });
    return `${epic}${parts.join("")}`;
  }

  /** Look both ways at once and stop when either way ends: most beads are near an end. */
  #isOnCycle(node: Node): boolean {
    const ahead = new Set(before(this.#graph, node).map(({ to }) => to));
    const behind = new Set(this.#after(node));
    const [forwards, backwards] = [ahead.values(), behind.values()];
    for (let steps = 0; ; steps += 1) {
      if (ahead.has(node) || behind.has(node)) return true;
      const next = forwards.next().value;
      if (next === undefined) return false;
      for (const { to } of before(this.#graph, next)) ahead.add(to);
      if (steps < headStart) continue;
      const last = backwards.next().value;
      if (last === undefined) return false;
      for (const from of this.#after(last)) behind.add(from);
    }
  }

  /** What waits for a node: the steps of {@link before}, backwards. */
  #after(node: Node): Node[] {
    const uid = uidOf(node);
    const sources = this.#world.dependents(uid).filter(isInGraph);
    const by = (isMeant: (type: string) => boolean) =>
      sources.filter(({ dependencies }) =>
        dependencies.some((edge) => edge.uid === uid && isMeant(edge.type)),
      );
    if (node.startsWith("start")) {
      const below = by((type) => type === "parent-child").map((bead): Node => `start ${bead.uid}`);
      return [`finish ${uid}`, ...below];
    }
    const waiting = by((type) => isWaitType(type) && type !== "parent-child");
    const nodes = waiting.map((bead): Node => `start ${bead.uid}`);
    const bead = this.#world.bead(uid);
    if (bead?.parent === undefined || !isInGraph(bead)) return nodes;
    const above: Node[] = this.#graph.isEpic(bead.parent) ? [`finish ${bead.parent}`] : [];
    const spawned = [...this.#waiters(bead.parent)].map((other): Node => `start ${other}`);
    return [...nodes, ...above, ...spawned];
  }
}

function keyOf(edge: { readonly uid?: string | undefined; to: string; type: string }): string {
  return `${edge.type} ${edge.uid ?? edge.to}`;
}
