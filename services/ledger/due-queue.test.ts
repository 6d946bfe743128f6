import fc from "fast-check";
import { expect, test } from "vitest";
import { DueQueue } from "./due-queue.ts";

const step = fc.oneof(
  fc.record({ uid: fc.constantFrom("a", "b", "c", "d"), atMs: fc.nat(20) }),
  fc.record({ uid: fc.constantFrom("a", "b"), atMs: fc.constant(Number.NEGATIVE_INFINITY) }),
  fc.record({ nowMs: fc.nat(20) }),
);

test("whatever is set and whichever way the clock moves, each crossing is told", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const queue = new DueQueue();
      const dates = new Map<string, number>();
      let lastMs = Number.NEGATIVE_INFINITY;
      for (const each of steps) {
        if ("uid" in each) {
          queue.set(each.uid, each.atMs);
          dates.set(each.uid, each.atMs);
          continue;
        }
        const [lowMs, highMs] = [Math.min(lastMs, each.nowMs), Math.max(lastMs, each.nowMs)];
        const crossed = [...dates].filter(([, atMs]) => atMs > lowMs && atMs <= highMs);
        const told = new Set(queue.moveTo(each.nowMs));
        for (const [uid] of crossed) expect(told).toContain(uid);
        lastMs = each.nowMs;
      }
    }),
  );
});

test("a bead is told once, and not for a date that it no longer has", () => {
  const queue = new DueQueue();
  queue.set("a", 5);
  queue.set("b", 3);
  queue.set("b", 9);
  expect(queue.moveTo(5)).toEqual(["a"]);
  expect(queue.moveTo(8)).toEqual([]);
  expect(queue.moveTo(9)).toEqual(["b"]);
});
