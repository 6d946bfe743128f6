import fc from "fast-check";
import { expect, test } from "vitest";
import { Beads } from "./beads.ts";
import { createBead } from "./drafts.ts";
import { encodeEvent } from "./event.ts";
import { judgeReadiness } from "./readiness.ts";
import { findCycle, type WaitEdge, waitGraph, withEdges } from "./waiting.ts";

type Edge = readonly [from: number, to: number];

const nodes = 8;
const edges = fc.array(fc.tuple(fc.nat(nodes - 1), fc.nat(nodes - 1)), { maxLength: 24 });

/** A world of open tasks, their `blocks` edges written in this order. */
function worldOf(list: readonly Edge[]): Beads {
  const world = new Beads();
  let seq = 0;
  const fold = (bead: string, op: string, values: object) => {
    seq += 1;
    const stamp = { v: 1, writer: "town.test", seq, clock: [seq, 0] as const, prev: "" };
    world.fold(encodeEvent({ ...stamp, actor: "ann", bead, op, values: values as never }));
  };
  for (let at = 0; at < nodes; at += 1) {
    const draft = createBead({ uid: `u${at}`, id: `hq-${at}`, title: "x" });
    fold(draft.bead, draft.op, draft.values);
  }
  for (const [from, to] of list) {
    fold(`u${from}`, "link", { add: [{ to: `u${to}`, type: "blocks" }] });
  }
  return world;
}

function reaches(list: readonly Edge[], from: number, to: number): boolean {
  const seen = new Set([from]);
  for (const at of seen) for (const [a, b] of list) if (a === at) seen.add(b);
  return seen.has(to);
}

test("a cycle is found if and only if the new edge closes one, and it is one", () => {
  fc.assert(
    fc.property(edges, fc.nat(nodes - 1), fc.nat(nodes - 1), (list, from, to) => {
      const acyclic: Edge[] = [];
      for (const [a, b] of list) if (!reaches(acyclic, b, a)) acyclic.push([a, b]);
      const edge: WaitEdge = {
        from: `u${from}`,
        to: `u${to}`,
        type: "blocks",
        origin: () => undefined,
      };
      const graph = withEdges(waitGraph(worldOf(acyclic)), [edge]);
      const cycle = findCycle(graph, [edge]);
      expect(cycle !== undefined).toBe(reaches(acyclic, to, from));
      if (!cycle) return;
      expect(cycle[0]).toBe(cycle.at(-1));
      const all = [...acyclic, [from, to] as const].map(([a, b]) => `u${a} u${b}`);
      for (const [at, uid] of cycle.slice(1).entries()) {
        expect(all).toContain(`${cycle[at]} ${uid}`);
      }
    }),
  );
});

test("whatever cycles there are, some bead is ready, and what blocks has no cycle left", () => {
  fc.assert(
    fc.property(edges, (list) => {
      const world = worldOf(list);
      const judge = judgeReadiness(world, 0);
      const open = [...world.all()].map((bead) => ({ bead, ...judge(bead) }));
      expect(open.some(({ blocked }) => blocked.length === 0)).toBe(true);
      const blocking = open.flatMap(({ bead, blocked }) =>
        blocked.flatMap((sentence): Edge[] => {
          const target = /^waits for hq-(\d)/.exec(sentence)?.[1];
          return target === undefined ? [] : [[Number(bead.id.slice(3)), Number(target)]];
        }),
      );
      for (const [from, to] of blocking) expect(reaches(blocking, to, from)).toBe(false);
      // Only edges of a cycle may be dropped.
      const dropped = open.flatMap(({ notes }) => notes).length;
      if (list.every(([a, b]) => !reaches(list, b, a))) expect(dropped).toBe(0);
    }),
  );
});
