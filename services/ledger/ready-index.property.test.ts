import fc from "fast-check";
import { expect, test } from "vitest";
import { isHeld } from "./bead.ts";
import { Beads } from "./beads.ts";
import { encodeEvent } from "./event.ts";
import { makeEvents } from "./proof/made-work.ts";
import { randomNumbers, readTape, shuffled } from "./proof/tape.ts";
import {
  isDispatchable,
  isWork,
  judgeReadiness,
  openWork,
  readyBeads,
  workInHand,
} from "./readiness.ts";

const names = (beads: readonly { uid: string }[]) => beads.map(({ uid }) => uid).sort();

/** The index against each bead judged by itself, in an order of its own. */
function compare(world: Beads, nowMs: number, seed: number): void {
  const beads = shuffled([...world.all()], seed);
  const judge = judgeReadiness(world, nowMs);
  const judged = beads.map((bead) => ({ bead, isFree: judge(bead).blocked.length === 0 }));
  const ready = judged.filter(({ bead, isFree }) => {
    return bead.status !== "closed" && isDispatchable(bead) && isFree;
  });
  expect(names(readyBeads(world, nowMs))).toEqual(names(ready.map(({ bead }) => bead)));
  const open = beads.filter((bead) => bead.status !== "closed" && isWork(bead));
  expect(names(openWork(world))).toEqual(names(open));
  const inHand = open.filter((bead) => isHeld(bead) || bead.fields["gt.placement"] !== undefined);
  expect(names(workInHand(world))).toEqual(names(inHand));
}

test("what is kept as events come is what judging every bead anew would find", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 40, maxLength: 240, size: "max" }),
      fc.nat(),
      fc.boolean(),
      (bytes, seed, isInOrder) => {
        const written = makeEvents(readTape(bytes));
        const events = isInOrder ? written : shuffled(written, seed);
        const random = randomNumbers(seed);
        const world = new Beads();
        let nowMs = 0;
        for (const event of events) {
          world.fold(event);
          if (random(3) > 0) continue; // Several events between two looks.
          nowMs = Math.max(0, nowMs + random(12_000) - 2_000);
          compare(world, nowMs, seed);
        }
        compare(world, nowMs, seed);
      },
    ),
    { numRuns: 3_000, endOnFailure: true },
  );
});

test("a bead that is only heard of may close a cycle by its children", () => {
  const world = new Beads();
  const fold = (seq: number, bead: string, op: string, values: object) => {
    const head = { v: 1, writer: "town.test", seq, clock: [seq, 0] as const, prev: "" };
    world.fold(encodeEvent({ ...head, actor: "ann", bead, op, values: values as never }));
  };
  const create = (uid: string, edges: object[]) => {
    return { id: `alpha-${uid}`, fields: { status: "open" }, edges };
  };
  fold(1, "e", "create", create("e", [{ to: "b", type: "waits-for" }]));
  fold(2, "a", "create", create("a", [{ to: "b", type: "parent-child" }]));
  fold(3, "a", "link", { add: [{ to: "e", type: "blocks" }] });
  compare(world, 0, 1);
  fold(4, "b", "label", { add: ["heard-of"] });
  compare(world, 0, 1);
});

test("a ring that is longer than a first look is found, wherever its last edge comes", () => {
  const types = ["blocks", "parent-child", "waits-for", "conditional-blocks"];
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 3, max: 14 }), (seed, count) => {
      const random = randomNumbers(seed);
      const world = new Beads();
      let seq = 0;
      const fold = (bead: string, op: string, values: object) => {
        seq += 1;
        const head = { v: 1, writer: "town.test", seq, clock: [seq, 0] as const, prev: "" };
        world.fold(encodeEvent({ ...head, actor: "ann", bead, op, values: values as never }));
      };
      const ring = Array.from({ length: count }, (_, at) => `u${at}`);
      for (const uid of ring) {
        const fields = { status: "open", issue_type: random(3) === 0 ? "epic" : "task" };
        fold(uid, "create", { id: `alpha-${uid}`, fields });
      }
      for (const [at, uid] of shuffled([...ring.entries()], seed)) {
        compare(world, 0, seed);
        const to = `u${(at + 1) % count}`;
        const type = types[random(types.length)] ?? "blocks";
        // An epic is finished after its children: its edge may run the other way.
        if (random(4) === 0) fold(to, "link", { add: [{ to: uid, type: "parent-child" }] });
        else fold(uid, "link", { add: [{ to, type }] });
      }
      compare(world, 0, seed);
    }),
    { numRuns: 1_500, endOnFailure: true },
  );
});
