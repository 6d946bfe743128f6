import { expect, test } from "vitest";
import { claimBead } from "#services/ledger/drafts.ts";
import { bad } from "./bad-runs.ts";
import { check, inOrder } from "./check.ts";
import { bead, makeRun } from "./made-run.ts";
import { invariants } from "./names.ts";
import { drained, drop, ended, run, stuck } from "./spoil.ts";

test("a run in which all goes well breaks nothing, and every invariant was looked at", () => {
  const { violations, looked } = check(run);
  expect(violations).toEqual([]);
  expect(invariants.filter((each) => looked[each] === 0)).toEqual([]);
  expect(invariants).toHaveLength(20);
});

test("observations of several watchers are put in the order of time", () => {
  expect(inOrder([...run.observations].reverse()).map(({ atMs }) => atMs)).toEqual(
    run.observations.map(({ atMs }) => atMs),
  );
});

test.for(bad)("$invariant: $what", ({ invariant, spoil, seen }) => {
  const { violations } = check(spoil(run));
  const broken = new Set(violations.map((each) => each.invariant));
  expect([...broken]).toEqual([invariant]);
  expect(violations.some((each) => seen.test(each.seen))).toBe(true);
});

test("each invariant has a run that breaks it alone", () => {
  const shown = new Set(bad.map(({ invariant }) => invariant));
  expect(invariants.filter((each) => !shown.has(each))).toEqual([]);
});

test("20: a worker that nobody ended is told by the checker", () => {
  const { violations } = check(drop(run, [ended, stuck, drained]));
  expect(violations.map((each) => each.seen)).toEqual([
    expect.stringMatching(/nux under 1.1.0 still runs on vm-a/),
  ]);
});

test("13: a bead that is ready at the end, with a machine for it, was forgotten", async () => {
  const forgotten = await makeRun(async ({ town }) => {
    await town.append("overseer", [bead("a2")]);
  });
  const { violations } = check(forgotten);
  expect(violations.map((each) => [each.invariant, each.concerns])).toEqual([[13, "a2"]]);
  const gone = { ...forgotten.ending, gone: ["vm-a", "vm-b"] };
  expect(check({ ...forgotten, ending: gone }).violations).toEqual([]);
});

test("20: a claim on which nobody works is told by the checker", async () => {
  const claimed = await makeRun(async ({ town, machine, share }) => {
    await town.append("overseer", [bead("a2")]);
    share();
    await machine.append("rigs/alpha/authority", [
      claimBead("a2", "1.1", { machine: "vm-a", polecat: "rigs/alpha/polecats/slit" }),
    ]);
  });
  const { violations } = check(claimed);
  expect(violations.map((each) => each.seen)).toEqual([
    expect.stringMatching(/al-a2 is held under 1.1 on vm-a, where nobody works on it/),
  ]);
});
