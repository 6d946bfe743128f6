import { expect, test } from "vitest";
import { MemoryDisk, type MemoryDiskOptions } from "../disk-memory.ts";
import { type Crashed, liveAndCrash } from "./crash.ts";

/** The suite: machines that write and crash; what they lost between them. */
async function crashRuns(runs: number, options?: MemoryDiskOptions): Promise<Crashed> {
  let sum: Crashed = { lost: 0, acknowledged: 0, crashes: 0, torn: 0, faults: [] };
  for (let seed = 1; seed <= runs; seed += 1) {
    const each = await liveAndCrash(new MemoryDisk(options), seed);
    sum = {
      lost: sum.lost + each.lost,
      acknowledged: sum.acknowledged + each.acknowledged,
      crashes: sum.crashes + each.crashes,
      torn: sum.torn + each.torn,
      faults: [...sum.faults, ...each.faults.map((fault) => `seed ${seed}: ${fault}`)],
    };
  }
  return sum;
}

test("crashes by the thousand lose nothing acknowledged, and torn tails are told", async () => {
  const { lost, acknowledged, crashes, torn, faults } = await crashRuns(700);
  expect(faults).toEqual([]);
  expect(lost).toBe(0);
  expect(crashes).toBe(2_100);
  // Else the suite would not have tried what it is for.
  expect(acknowledged).toBeGreaterThan(3_000);
  expect(torn).toBeGreaterThan(300);
}, 60_000);

test("with fsync switched off the same suite fails", async () => {
  const { lost } = await crashRuns(50, { syncsFiles: false });
  expect(lost).toBeGreaterThan(0);
});

test("with folders not synced the same suite fails", async () => {
  const { lost } = await crashRuns(50, { syncsDirs: false });
  expect(lost).toBeGreaterThan(0);
});
