import { expect, test } from "vitest";
import { makeTree, noFiles, type Tree } from "#services/git/memory/objects.ts";
import { closingVerbs } from "#services/molecules/advance.ts";
import { changesFor, ownPath, reviewFor } from "./changes.ts";
import { Random } from "./random.ts";
import { shortRecipe } from "./recipe.ts";
import { holds, judgeTree } from "./sim-gates.ts";
import { isSure, makeWork, type Task } from "./work.ts";

const rigs = ["riga", "rigb", "rigc"];
const plain: Task = {
  ...{ key: "task 1", rig: "riga", priority: 2, needs: [], epic: undefined, manner: "plain" },
  ...{ change: { kind: "own" }, stepMinMs: 1, stepMaxMs: 2, filedMs: 0 },
};

/** A tree after one task was worked on it. */
function worked(tree: Tree, task: Task, rejections = 0): Tree {
  const changes = changesFor(task, { files: tree.files, epoch: "1.1", rejections });
  return makeTree([...tree.files, ...Object.entries(changes)].reverse().filter(firstOfPath()));
}

function firstOfPath() {
  const seen = new Set<string>();
  return ([path]: readonly [string, string]) => seen.size < seen.add(path).size;
}

test("the same seed makes the same work, another one other", () => {
  const size = { beads: 60, rigs };
  expect(makeWork(new Random(1), size)).toEqual(makeWork(new Random(1), size));
  expect(makeWork(new Random(2), size)).not.toEqual(makeWork(new Random(1), size));
});

test("what a bead needs stands before it, and lands by itself", () => {
  for (let seed = 0; seed < 20; seed += 1) {
    const { tasks, epics } = makeWork(new Random(seed), { beads: 60, rigs });
    expect(tasks).toHaveLength(60);
    tasks.forEach(({ needs, epic, rig }, at) => {
      const before = new Map(tasks.slice(0, at).map((task) => [task.key, task] as const));
      for (const need of needs) expect(isSure(before.get(need)?.manner ?? "poison")).toBe(true);
      if (epic !== undefined) expect(epics.find(({ key }) => key === epic)?.rig).toBe(rig);
    });
  }
});

test("every manner and every kind of change comes up", () => {
  const tasks = Array.from({ length: 20 }, (_, seed) => {
    return makeWork(new Random(seed), { beads: 60, rigs }).tasks;
  }).flat();
  expect(new Set(tasks.map(({ manner }) => manner)).size).toBe(9);
  expect(new Set(tasks.map(({ change }) => change.kind)).size).toBe(3);
});

test("the short molecule ends as every molecule does", () => {
  const names = shortRecipe().proto.steps.map(({ name }) => name);
  expect(names.slice(-3)).toEqual(Object.keys(closingVerbs));
});

test("half of a change fails the gate, all of it passes, doing it again changes nothing", () => {
  const half = changesFor(plain, { files: new Map(), epoch: "1.1", rejections: 0 }, true);
  expect(holds(makeTree(Object.entries(half)))).toBe(false);
  const tree = worked(noFiles, plain);
  expect([...tree.files.keys()]).toEqual([ownPath(plain)]);
  expect(holds(tree)).toBe(true);
  const again = { files: tree.files, epoch: "2.1", rejections: 0 };
  expect(changesFor(plain, again)).toEqual({});
  expect(Object.keys(reviewFor(plain, again))).toHaveLength(1);
});

test("what is broken at first is mended once it was rejected", () => {
  const task: Task = { ...plain, manner: "broken-first" };
  const tree = worked(noFiles, task);
  expect(holds(tree)).toBe(false);
  expect(holds(worked(tree, task, 1))).toBe(true);
});

test("two of a pair fail together, unless one knew of the other", () => {
  const a: Task = { ...plain, key: "a", change: { kind: "pair", pair: "p", side: "a" } };
  const b: Task = { ...plain, key: "b", change: { kind: "pair", pair: "p", side: "b" } };
  const [one, other] = [worked(noFiles, a), worked(noFiles, b)];
  expect([holds(one), holds(other)]).toEqual([true, true]);
  expect(holds(makeTree([...one.files, ...other.files]))).toBe(false);
  expect(holds(worked(one, b))).toBe(true);
});

test("those who share a file each leave their line", () => {
  const change = { kind: "shared", path: "shared/1.txt" } as const;
  const tree = worked(worked(noFiles, { ...plain, key: "a", change }), {
    ...{ ...plain, key: "b", change },
  });
  expect(tree.files.get("shared/1.txt")).toBe("a\nb\n");
});

test("a flaky tree fails now and then, and is good in truth", () => {
  const tree = worked(noFiles, { ...plain, manner: "flaky" });
  const failures = Array.from({ length: 1_000 }, (_, run) => judgeTree(tree, run));
  const share = failures.filter((passed) => !passed).length / 10;
  expect(holds(tree)).toBe(true);
  expect(share).toBeGreaterThan(1);
  expect(share).toBeLessThan(8);
  expect(judgeTree(tree, 7)).toBe(judgeTree(tree, 7));
});
