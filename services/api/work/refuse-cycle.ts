import type { EdgeValue } from "#services/ledger/event.ts";
import {
  findCycle,
  type WaitEdge,
  type WaitGraph,
  waitGraph,
  withEdges,
} from "#services/ledger/waiting.ts";
import type { World } from "#services/ledger/world.ts";
import { TownError } from "#services/rpc/town-error.ts";

/** A bead with the edges that are about to be written, by uid. */
export type NewEdges = {
  readonly uid: string;
  readonly id: string;
  readonly isEpic: boolean;
  readonly edges: readonly EdgeValue[];
};

/** Refuse edges by which a bead would wait for itself. Throws `state` that shows the cycle. */
export function refuseCycle(world: World, beads: readonly NewEdges[]): void {
  const cycle = cycleOf(
    waitGraph(world, ({ deleted }) => !deleted),
    world,
    beads,
  );
  if (!cycle) return;
  const description = `would close a cycle: ${cycle.join(" → ")}`;
  throw new TownError("state", `this ${description}`, {
    violations: [{ field: cycle[0] ?? "", description }],
  });
}

/** The ids of the cycle that new edges close, the first one again at the end; undefined if none. */
export function cycleOf(
  held: WaitGraph,
  world: World,
  beads: readonly NewEdges[],
): string[] | undefined {
  const edges = beads.flatMap(({ uid, edges: added }) =>
    added.map((edge): WaitEdge => ({ from: uid, to: edge.to, type: edge.type })),
  );
  const epics = new Set(beads.filter(({ isEpic }) => isEpic).map(({ uid }) => uid));
  const ids = new Map(beads.map(({ uid, id }) => [uid, id]));
  const graph = withEdges(held, edges, (uid) => epics.has(uid));
  const cycle = findCycle(graph, edges);
  return cycle?.map((uid) => ids.get(uid) ?? world.bead(uid)?.id ?? uid);
}
