import { expect, test } from "vitest";
import { type Remains, verify } from "./verify.ts";

const tree = { head: "c1", dirty: [], pushed: "c1" };
const remains: Remains = { exit: "COMPLETED", isOver: false, requested: "c1", tree };

test.for<[string, Partial<Remains>, string]>([
  ["all of it is pushed and submitted", {}, "retire"],
  ["the worktree is gone already", { tree: undefined }, "retire"],
  ["nothing was submitted", { requested: undefined }, "escalate"],
  ["uncommitted changes", { tree: { ...tree, dirty: ["a.txt"] } }, "keep"],
  ["a commit after the submission", { tree: { ...tree, head: "c2", pushed: "c2" } }, "keep"],
  ["a branch that is not on the remote", { tree: { ...tree, pushed: undefined } }, "keep"],
  ["a branch that is elsewhere", { tree: { ...tree, pushed: "c0" } }, "keep"],
  ["landed meanwhile, its branch collected", { isOver: true, tree: undefined }, "retire"],
  [
    "released with changes: a checkpoint is enough",
    { isOver: true, requested: undefined },
    "retire",
  ],
])("%s", ([, change, expected]) => {
  expect(verify({ ...remains, ...change }).do).toBe(expected);
});
