import type { Bead, Dependency } from "./bead.ts";
import { compareOrigins, edgeKey, liveAdditions, type Origin } from "./bead-state.ts";
import type { World } from "./world.ts";

/** An edge that makes one bead wait for another; both by uid, or by id where none is known. */
export type WaitEdge = {
  readonly from: string;
  readonly to: string;
  readonly type: string;
  /** When the ledger first saw it; absent while it is only proposed. Asked for in cycles only. */
  readonly origin?: (() => Origin | undefined) | undefined;
};

/** What of the beads decides who waits for whom. */
export type WaitGraph = {
  /** The waiting edges that leave a bead. */
  readonly edges: (uid: string) => readonly WaitEdge[];
  /** The parent-child edges of its children. */
  readonly children: (uid: string) => readonly WaitEdge[];
  /** Whether it closes only when its children are closed. */
  readonly isEpic: (uid: string) => boolean;
};

const waitTypes = new Set(["blocks", "conditional-blocks", "waits-for", "parent-child"]);

/** Whether an edge of this type can make its bead wait. */
export function isWaitType(type: string): boolean {
  return waitTypes.has(type);
}

/** The graph of what the ledger holds. A bead that `counts` refuses has no edges. */
export function waitGraph(world: World, counts: (bead: Bead) => boolean = () => true): WaitGraph {
  const edge = (from: string, dependency: Dependency): WaitEdge => ({
    from,
    to: dependency.uid ?? dependency.to,
    type: dependency.type,
    origin: () => originOf(world, from, dependency),
  });
  return {
    edges: (uid) => {
      const bead = world.bead(uid);
      if (!bead || !counts(bead)) return [];
      return bead.dependencies.filter(({ type }) => isWaitType(type)).map((d) => edge(uid, d));
    },
    children: (uid) =>
      world.children(uid).flatMap((child) => {
        if (!counts(child)) return [];
        const up = child.dependencies.find((d) => d.type === "parent-child" && d.uid === uid);
        return up ? [edge(child.uid, up)] : [];
      }),
    isEpic: (uid) => world.bead(uid)?.issueType === "epic",
  };
}

/** When the ledger first saw an edge that still stands. */
function originOf(world: World, from: string, edge: Dependency): Origin | undefined {
  const element = world.state(from)?.edges.get(edgeKey(edge));
  return element && liveAdditions(element)[0];
}

/**
 * A node of the search: that a bead starts, or that it is finished.
 *
 * Two of them per bead, because a child waits for what its parent waits for *before* it starts,
 * while an epic is finished *after* its children: `start` of one may hang on `finish` of another.
 */
export type Node = `${"start" | "finish"} ${string}`;
type Step = { readonly to: Node; readonly edge: WaitEdge | undefined };

/** What must happen before a node can. */
export function before(graph: WaitGraph, node: Node): Step[] {
  const uid = uidOf(node);
  if (node.startsWith("finish")) {
    const own: Step = { to: `start ${uid}`, edge: undefined };
    if (!graph.isEpic(uid)) return [own];
    const below = graph.children(uid);
    return [own, ...below.map((edge): Step => ({ to: `finish ${edge.from}`, edge }))];
  }
  return graph.edges(uid).flatMap((edge): Step[] => {
    if (edge.type === "parent-child") return [{ to: `start ${edge.to}`, edge }];
    const target: Step = { to: `finish ${edge.to}`, edge };
    if (edge.type !== "waits-for") return [target];
    const spawned = graph.children(edge.to);
    return [target, ...spawned.map(({ from }): Step => ({ to: `finish ${from}`, edge }))];
  });
}

/** The bead that a node is of. */
export function uidOf(node: Node): string {
  return node.slice(node.indexOf(" ") + 1);
}

/**
 * The cycle that new edges close, as uids, the first one again at the end; undefined if none.
 *
 * @param graph what there is, the new edges included
 * @param edges the new ones
 */
export function findCycle(graph: WaitGraph, edges: readonly WaitEdge[]): string[] | undefined {
  for (const edge of edges) {
    if (!isWaitType(edge.type)) continue;
    if (edge.from === edge.to) return [edge.from, edge.to];
    const parent = edge.type === "parent-child";
    const ways: [Node, Node][] = parent
      ? [
          [`start ${edge.to}`, `start ${edge.from}`],
          [`finish ${edge.from}`, `finish ${edge.to}`],
        ]
      : [[`finish ${edge.to}`, `start ${edge.from}`]];
    for (const [from, to] of ways) {
      const path = findPath(graph, from, to, () => true);
      if (path) return cycleOf(edge, path, parent && from.startsWith("finish"));
    }
  }
  return undefined;
}

/** Both graphs as one: what the ledger holds, and edges that are about to be written. */
export function withEdges(
  graph: WaitGraph,
  edges: readonly WaitEdge[],
  isNewEpic: (uid: string) => boolean = () => false,
): WaitGraph {
  const waiting = edges.filter(({ type }) => isWaitType(type));
  const from = Map.groupBy(waiting, (edge) => edge.from);
  const to = Map.groupBy(
    waiting.filter(({ type }) => type === "parent-child"),
    (edge) => edge.to,
  );
  return {
    edges: (uid) => [...graph.edges(uid), ...(from.get(uid) ?? [])],
    children: (uid) => [...graph.children(uid), ...(to.get(uid) ?? [])],
    isEpic: (uid) => isNewEpic(uid) || graph.isEpic(uid),
  };
}

/** The nodes from one to the other, both included, over the steps that `may` allows. */
function findPath(
  graph: WaitGraph,
  from: Node,
  to: Node,
  may: (edge: WaitEdge) => boolean,
): Node[] | undefined {
  const cameFrom = new Map<Node, Node | undefined>([[from, undefined]]);
  const open: Node[] = [from];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node === to) return trace(cameFrom, node);
    for (const step of before(graph, node)) {
      if (cameFrom.has(step.to) || (step.edge && !may(step.edge))) continue;
      cameFrom.set(step.to, node);
      open.push(step.to);
    }
  }
  return undefined;
}

function trace(cameFrom: ReadonlyMap<Node, Node | undefined>, end: Node): Node[] {
  const path: Node[] = [];
  for (let node: Node | undefined = end; node; node = cameFrom.get(node)) path.push(node);
  return path.reverse();
}

function cycleOf(edge: WaitEdge, path: readonly Node[], upwards: boolean): string[] {
  const uids = [upwards ? edge.to : edge.from, ...path.map(uidOf)];
  return uids.filter((uid, index) => uid !== uids[index - 1]);
}

/**
 * Whether an edge is the newest of some cycle, and so does not hold its bead back.
 *
 * Of a cycle with other edges than parent-child, the newest of those is meant: a child cannot be
 * cut off its parent. Dropping each such edge leaves no cycle, on every replica the same.
 */
export function closesCycle(graph: WaitGraph, edge: WaitEdge, sccs: Components): boolean {
  const parent = edge.type === "parent-child";
  const from: Node = parent ? `start ${edge.to}` : `finish ${edge.to}`;
  const to: Node = `start ${edge.from}`;
  if (sccs.of(from) !== sccs.of(to)) return false;
  const older = (other: WaitEdge): boolean => compareAges(other, edge) < 0;
  return findPath(graph, from, to, older) !== undefined;
}

function compareAges(a: WaitEdge, b: WaitEdge): number {
  const rank = (edge: WaitEdge) => (edge.type === "parent-child" ? 0 : 1);
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  const [first, second] = [a.origin?.(), b.origin?.()];
  const order = first && second ? compareOrigins(first, second) : 0;
  if (order !== 0) return order;
  // One event may carry several edges.
  const [left, right] = [`${a.from} ${a.to} ${a.type}`, `${b.from} ${b.to} ${b.type}`];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Which nodes can reach each other both ways: the only ones that a cycle can run through. */
export type Components = {
  readonly of: (node: string) => number;
  /** The nodes of a node's component, itself included. */
  readonly members: (node: string) => readonly string[];
};

/**
 * Strongly connected components, found as they are asked for; each node is visited once.
 *
 * @see Tarjan, "Depth-first search and linear graph algorithms" (1972), made iterative
 */
export function components(graph: WaitGraph): Components {
  const indexes = new Map<Node, number>();
  const lows = new Map<Node, number>();
  const found = new Map<Node, number>();
  const groups: Node[][] = [];
  const stack: Node[] = [];
  const lower = (node: Node, to: number): void => {
    lows.set(node, Math.min(lows.get(node) ?? to, to));
  };
  const enter = (node: Node) => {
    indexes.set(node, indexes.size);
    lower(node, indexes.size - 1);
    stack.push(node);
    return { node, steps: before(graph, node), next: 0 };
  };
  const leave = (node: Node): void => {
    if (lows.get(node) !== indexes.get(node)) return;
    const group = stack.splice(stack.lastIndexOf(node));
    groups.push(group);
    for (const member of group) found.set(member, groups.length);
  };
  const search = (root: Node): void => {
    const frames = [enter(root)];
    for (let frame = frames.at(-1); frame; frame = frames.at(-1)) {
      const step = frame.steps[frame.next];
      frame.next += 1;
      if (!step) {
        frames.pop();
        leave(frame.node);
        const above = frames.at(-1);
        if (above) lower(above.node, lows.get(frame.node) ?? 0);
      } else if (!indexes.has(step.to)) {
        frames.push(enter(step.to));
      } else if (!found.has(step.to)) {
        lower(frame.node, indexes.get(step.to) ?? 0);
      }
    }
  };
  const of = (node: string): number => {
    if (!indexes.has(node as Node)) search(node as Node);
    return found.get(node as Node) ?? 0;
  };
  return { of, members: (node) => groups[of(node) - 1] ?? [] };
}
