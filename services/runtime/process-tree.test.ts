import { expect, test } from "vitest";
import type { ProcessRow } from "./process-table.ts";
import { sessionMembers } from "./process-tree.ts";

const session = { pid: 100, startTime: "b-5", marker: "s" };

function row(pid: number, parent: number, group: number, at = pid): ProcessRow {
  return { pid, parent, group, startTime: `b-${at}`, age: at, dead: false };
}

test.for<[string, ProcessRow[], number[], number[]]>([
  ["the root and its group", [row(100, 1, 100, 5), row(101, 1, 100), row(7, 1, 7)], [], [100, 101]],
  [
    "children in groups of their own, and theirs",
    [row(100, 1, 100, 5), row(110, 100, 110), row(111, 110, 111)],
    [],
    [100, 110, 111],
  ],
  ["whoever reused the pid is a stranger", [row(100, 1, 100, 9), row(101, 100, 100)], [], []],
  ["orphans that carry the marker", [row(120, 1, 120), row(121, 120, 120)], [120], [120, 121]],
  ["nothing of it lives", [row(7, 1, 7)], [], []],
  ["what is dead already", [{ ...row(100, 1, 100, 5), dead: true }, row(101, 100, 100)], [], [101]],
])("%s", ([, rows, carriers, expected]) => {
  const members = sessionMembers(session, rows, new Set(carriers));
  expect(members.map(({ pid }) => pid)).toEqual(expected);
});
