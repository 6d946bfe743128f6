import { expect, test } from "vitest";
import { check } from "./check.ts";
import { makeRun } from "./made-run.ts";
import { type Left, type LeftCode, readRun } from "./read-run.ts";

const good = await makeRun(async ({ machine }) => {
  const results = [{ gate: "test", commit: "c1", passed: true }];
  await machine.append("rigs/alpha/refinery", [
    { bead: "mr", op: "set", values: { fields: { "gt.gates": results } } },
  ]);
});
const commit = { commit: "c1", tree: "t1", parent: "c0", request: "mr", bead: "al-a1" };
const code = good.code["alpha"];
if (!code) throw new Error("the made run has a rig alpha");
const alpha: LeftCode = {
  ...code,
  history: [{ ...commit, epoch: "1.1.0" }],
  treeOf: new Map([["c1", "t1"]]),
};
const events = good.observations.flatMap((seen) => (seen.kind === "appended" ? seen.events : []));
const nux = { machine: "vm-a", rig: "alpha", agent: "rigs/alpha/polecats/nux", bead: "a1" };
const left: Left = {
  limits: good.limits,
  // Which process told of them first must not matter.
  events: events.toReversed().map((event) => {
    const gates = event.bead === "mr" ? { clock: [102_500, 0] as const } : {};
    return { ...event, ...gates };
  }),
  sessions: [{ ...nux, epoch: "1.1.0", startedAtMs: 102_000, endedAtMs: 104_000 }],
  code: { alpha },
  finals: good.finals,
  ending: good.ending,
  seen: good.observations.filter(({ kind }) => kind === "silence"),
};

function broken(other: Partial<Left>): number[] {
  return [
    ...new Set(check(readRun({ ...left, ...other })).violations.map((each) => each.invariant)),
  ];
}

test("what a good run left behind is judged by most invariants, and breaks none", () => {
  const { violations, looked } = check(readRun(left));
  expect(violations).toEqual([]);
  const judged = Object.keys(looked).filter((each) => looked[Number(each)] !== 0);
  expect(judged.map(Number)).toEqual([1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 15, 18, 19, 20]);
});

test("what should not be is seen in what is left", () => {
  expect(broken({ code: { alpha: { ...alpha, history: [], contains: () => false } } })).toEqual([
    5,
  ]);
  expect(broken({ code: { alpha: { ...alpha, treeOf: new Map() } } })).toEqual([6]);
  const twin = { ...nux, epoch: "1.2.0", startedAtMs: 105_000, endedAtMs: 106_000 };
  expect(broken({ sessions: [...left.sessions, twin] })).toEqual([2]);
  expect(broken({ seen: [] })).toEqual([19]);
  const again = { ...commit, commit: "c2", parent: "c1", epoch: "1.1.1" };
  expect(broken({ code: { alpha: { ...alpha, history: [...alpha.history, again] } } })).toEqual([
    3,
  ]);
});

test("a push of somebody else is no landing", () => {
  const theirs = { commit: "c2", tree: "t2", parent: "c1", request: "", bead: "", epoch: "" };
  expect(broken({ code: { alpha: { ...alpha, history: [...alpha.history, theirs] } } })).toEqual(
    [],
  );
});
