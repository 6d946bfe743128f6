import { expect, test } from "vitest";
import type { SeedReport } from "./seed-report.ts";
import { seedsEnough, Tally, tellFailed, tellSummary } from "./summary.ts";

const calm: SeedReport = {
  ...{ seed: 1, faults: [], injected: {}, looked: {}, violations: [], story: [] },
  ...{ elapsedMs: 3_600_000, events: 10, landed: 2, digest: "d" },
};
const violation = { invariant: 7, name: "forward", concerns: "b", atMs: 1, seen: "it went back" };
const everything = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [at + 1, 1]));

test("counts add up over seeds", () => {
  const tally = new Tally(["kill", "cut"]);
  tally.add({ ...calm, injected: { kill: 2 }, looked: { 7: 3 } });
  tally.add({ ...calm, seed: 2, injected: { kill: 1 }, looked: { 7: 1 } });
  const summary = tally.summary(1_234, true);
  expect(summary).toMatchObject({ ok: true, seeds: 2, elapsedSeconds: 1.2, simulatedHours: 2 });
  expect(summary).toMatchObject({ events: 20, landed: 4, faults: { kill: 3, cut: 0 } });
  expect(summary.invariants["7"]).toBe(4);
});

test("a violation, and a seed that broke down, are failures", () => {
  const failed = new Tally([]);
  failed.add({ ...calm, violations: [violation] });
  expect(failed.summary(0, true)).toMatchObject({ ok: false, failed: [1] });
  const broken = new Tally([]);
  broken.addBroken(3, "cannot");
  expect(broken.summary(0, true)).toMatchObject({ ok: false, broken: [{ seed: 3 }] });
});

test("the digest of many histories tells of each of them, and of their order", () => {
  const digestOf = (...digests: readonly string[]) => {
    const tally = new Tally([]);
    for (const digest of digests) tally.add({ ...calm, digest });
    return tally.summary(0, true).digest;
  };
  expect(digestOf("a", "b")).toBe(digestOf("a", "b"));
  expect(new Set([digestOf("a", "b"), digestOf("b", "a"), digestOf("a")]).size).toBe(3);
});

test("what never happened fails many seeds, not few, and none that lack a protection", () => {
  const run = (seeds: number, isWhole: boolean) => {
    const tally = new Tally(["kill", "cut"]);
    for (let seed = 0; seed < seeds; seed += 1) {
      tally.add({ ...calm, injected: { kill: 1 }, looked: everything });
    }
    return tally.summary(0, isWhole);
  };
  expect(run(seedsEnough - 1, true)).toMatchObject({ ok: true, never: [] });
  expect(run(seedsEnough, false)).toMatchObject({ ok: true, never: [] });
  const never = ["the fault cut was never injected"];
  expect(run(seedsEnough, true)).toMatchObject({ ok: false, never });
});

test("a failed seed tells how to see it again, what broke, by what, and the story", () => {
  const kill = { name: "kill", atMs: 5, forMs: 9, target: "vm-a", detail: 0 };
  const report = { ...calm, violations: [violation], story: ["0 s filed"] };
  const told = tellFailed({ report, shortest: [kill] }, "npm run sim -- --seed 1");
  for (const words of ["npm run sim -- --seed 1", "it went back", "kill of vm-a", "0 s filed"]) {
    expect(told).toContain(words);
  }
  expect(tellFailed({ report, shortest: [] }, "")).toContain("without any fault");
});

test("a summary says all of it in words", () => {
  const tally = new Tally(["kill"]);
  tally.add({ ...calm, injected: { kill: 2 }, violations: [violation] });
  const told = tellSummary(tally.summary(1_000, true));
  for (const words of ["1 seeds in 1 s", "2 kill", "failed: 1"]) expect(told).toContain(words);
});
