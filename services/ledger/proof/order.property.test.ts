import fc from "fast-check";
import { expect, test } from "vitest";
import { Beads } from "../beads.ts";
import { canonical } from "./canonical.ts";
import { type Happened, makeHistory, tapeSizes } from "./history.ts";
import { ids, requests, uids } from "./made-draft.ts";
import { randomNumbers, shuffled } from "./tape.ts";

const tapes = tapeSizes.map(({ weight, ...length }) => {
  return { weight, arbitrary: fc.uint8Array({ ...length, size: "max" }) };
});
const histories = fc.oneof(...tapes).map(makeHistory);

/** Fold events; where there is a seed, look at beads in between, so that views are remembered. */
function fold(happened: readonly Happened[], lookSeed?: number): string {
  const world = new Beads();
  const random = randomNumbers(lookSeed ?? 0);
  for (const { event } of happened) {
    world.fold(event);
    if (lookSeed === undefined) continue;
    world.bead([...uids, ...ids][random(uids.length + ids.length)] ?? "");
  }
  return canonical(world, uids, requests);
}

test("any order, repetition and interleaving of events gives byte-identical state", () => {
  fc.assert(
    fc.property(histories, fc.nat(), (happened, seed) => {
      const repeated = [...happened, ...shuffled(happened, seed).slice(0, 5)];
      const expected = fold(happened);
      expect(fold(shuffled(repeated, seed), seed)).toBe(expected);
      expect(fold([...happened].reverse())).toBe(expected);
    }),
    { numRuns: 3_500 },
  );
});
