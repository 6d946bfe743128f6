import { expect, test } from "vitest";
import { type BeadFact, type Facts, objections, type RigFact } from "./judge.ts";

const bead: BeadFact = {
  id: "alpha-1",
  uid: "u1",
  isEpic: false,
  closed: true,
  closeKind: "merged",
  closeCommit: "c1",
  rig: "alpha",
  hasPatch: true,
};
const rig: RigFact = {
  name: "alpha",
  target: "main",
  commits: new Set(["c0", "c1"]),
  landings: [{ bead: "u1", commit: "c1" }],
  failures: [],
};
const facts = (beads: Partial<BeadFact> = {}, rigs: Partial<RigFact> = {}): Facts => ({
  beads: [{ ...bead, ...beads }],
  rigs: [{ ...rig, ...rigs }],
  wanted: ["alpha-1"],
  faults: [],
});

test("work that is closed, on main, and landed once, is done; by id or uid", () => {
  expect(objections(facts())).toEqual([]);
  expect(objections(facts({}, { landings: [{ bead: "alpha-1", commit: "c1" }] }))).toEqual([]);
  expect(objections(facts({ closeKind: "done", hasPatch: false }, { landings: [] }))).toEqual([]);
});

test.for([
  [facts({ closed: false }), "alpha-1 is not closed"],
  [facts({ closeKind: "done" }), "alpha-1 was closed as done and never merged"],
  [facts({ closeCommit: "" }), "alpha-1 was closed as merged, and names no commit"],
  [facts({ rig: "" }), "alpha-1 was merged, and belongs to no rig"],
  [facts({}, { commits: new Set() }), "alpha-1 was closed with c1, which is not on main"],
  [facts({}, { landings: [] }), "alpha-1 was landed 0 times, not once"],
  [facts({}, { landings: [...rig.landings, { bead: "u1", commit: "c0" }] }), "landed 2 times"],
  [facts({}, { landings: [{ bead: "u1", commit: "c0" }] }), "landed as c0, but closed with c1"],
  [facts({}, { failures: ["test: 1 failed"] }), "alpha: test: 1 failed"],
  [{ ...facts(), wanted: ["alpha-2"] }, "alpha-2 is not in the ledger"],
  [{ ...facts(), faults: ["a gap"] }, "the ledger is not whole: a gap"],
  [facts({ uid: "u2", id: "alpha-2" }), "u1 was landed, but the ledger has no such bead"],
] as const)("%#: %s", ([given, said]) => {
  expect(objections(given).join("\n")).toContain(said);
});

test("two records of one commit, as a torn push may leave them, are one landing", () => {
  expect(objections(facts({}, { landings: [...rig.landings, ...rig.landings] }))).toEqual([]);
});
