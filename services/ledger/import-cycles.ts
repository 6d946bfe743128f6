import type { FileRow } from "./import-rows.ts";
import {
  components,
  findCycle,
  isWaitType,
  type WaitEdge,
  waitGraph,
  withEdges,
} from "./waiting.ts";
import type { World } from "./world.ts";

/**
 * The cycles of dependencies that a file closes: by uid of each bead in one, the ids on the way
 * round. What has ended waits for nothing, so a circle through it holds nobody back.
 */
export function cyclesOf(
  world: World,
  rows: readonly FileRow[],
  resolve: (id: string) => string,
): ReadonlyMap<string, readonly string[]> {
  const open = rows.filter(({ bead }) => !bead.isEnded);
  const ended = new Set(rows.filter(({ bead }) => bead.isEnded).map(({ uid }) => uid));
  const edges = open.flatMap(({ uid, bead }) =>
    bead.edges
      .map(({ to, type }): WaitEdge => ({ from: uid, to: resolve(to), type }))
      .filter(({ to, type }) => isWaitType(type) && !ended.has(to)),
  );
  const epics = new Set(open.filter(({ bead }) => bead.issueType === "epic").map((r) => r.uid));
  const held = waitGraph(world, ({ uid, status, deleted }) => {
    return status !== "closed" && !deleted && !ended.has(uid);
  });
  const graph = withEdges(held, edges, (uid) => epics.has(uid));
  const ids = new Map(rows.map(({ uid, id }) => [uid, id]));
  const sccs = components(graph);
  const cycles = new Map<string, readonly string[]>();
  for (const edge of edges) {
    if (cycles.has(edge.from) || !mayClose(edge, sccs)) continue;
    const cycle = findCycle(graph, [edge]);
    const path = cycle?.map((uid) => ids.get(uid) ?? world.bead(uid)?.id ?? uid) ?? [];
    for (const uid of cycle ?? []) if (!cycles.has(uid)) cycles.set(uid, path);
  }
  return cycles;
}

/** Only within one strongly connected component can an edge be part of a cycle. */
function mayClose({ from, to, type }: WaitEdge, sccs: ReturnType<typeof components>): boolean {
  if (from === to) return true;
  if (type !== "parent-child") return sccs.of(`finish ${to}`) === sccs.of(`start ${from}`);
  return (
    sccs.of(`start ${to}`) === sccs.of(`start ${from}`) ||
    sccs.of(`finish ${from}`) === sccs.of(`finish ${to}`)
  );
}
