import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import stringWidth from "string-width";
import { expect, test } from "vitest";
import { BeadNodeSchema } from "#proto/gastown/v1/work_service_pb.ts";
import { plainPaint } from "./terminal.ts";
import { renderTree } from "./tree-view.ts";

const nowMs = Date.parse("2026-03-01T09:00:00Z");
const at = (agoMs: number) => timestampFromMs(nowMs - agoMs);
const node = (init: MessageInitShape<typeof BeadNodeSchema>) => create(BeadNodeSchema, init);

const epic = node({
  bead: { id: "hq-1", title: "Greetings in every language there is", status: "open" },
  startTime: at(3_723_000),
  children: [
    {
      bead: { id: "alpha-1", title: "Greet", status: "closed", closeTime: at(10_000) },
      mergeState: "landed",
      startTime: at(74_000),
    },
    {
      bead: {
        id: "beta-22",
        title: "日本語で挨拶する",
        status: "in_progress",
        claim: { machine: "vm-b", polecat: "rigs/beta/polecats/nux" },
      },
      step: "implement",
      startTime: at(5_000),
      children: [{ bead: { id: "beta-22.x", title: "Part", status: "open", ready: true } }],
    },
    { bead: { id: "alpha-3", title: "Later", status: "open", blockedBy: ["beta-22 is open"] } },
  ],
});

test("aligns who, where, which step and how long", () => {
  expect(renderTree(epic, nowMs, 120).split("\n")).toEqual([
    "○ hq-1           Greetings in every language there is  1/3 closed             1h 02m",
    "├ ✓ alpha-1      Greet                                                        1m 04s  landed",
    "├ ◐ beta-22      日本語で挨拶する                      vm-b/nux    implement      5s",
    "│ └ ● beta-22.x  Part",
    "└ ○ alpha-3      Later                                 waits",
  ]);
});

test("what is closed shows who completed it, where, how long it took, and when", () => {
  const closed = { status: "closed", closeTime: at(10_000) };
  const done = node({
    bead: { id: "hq-1", title: "Epic", ...closed },
    startTime: at(80_000),
    children: [
      {
        bead: { id: "a-1", title: "Greet", ...closed },
        ...{ completedBy: "rigs/a/polecats/nux", machine: "vm-a" },
        ...{ mergeState: "landed", startTime: at(70_000) },
      },
      { bead: { id: "a-2", title: "Talk", ...closed }, completedBy: "overseer" },
    ],
  });
  expect(renderTree(done, nowMs, 120, plainPaint, true).split("\n")).toEqual([
    "✓ hq-1   Epic   2/2 closed  1m 10s          10s ago",
    "├ ✓ a-1  Greet  vm-a/nux    1m 00s  landed  10s ago",
    "└ ✓ a-2  Talk   overseer                    10s ago",
  ]);
});

test("cuts titles, wide characters too, so that every line fits", () => {
  const lines = renderTree(epic, nowMs, 65).split("\n");
  for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(65);
  expect(lines[0]).toContain("…");
  expect(lines[2]).toContain("日本");
});

test("a title cannot move the cursor or start a line", () => {
  const bad = node({ bead: { id: "a-1", title: "x\u001b[2J\ny\rz", status: "open" } });
  expect(renderTree(bad, nowMs, 80)).toBe("○ a-1  x y z");
});

test("a node without a bead is the trees below it", () => {
  const forest = node({ children: [epic.children[0] ?? epic, epic.children[2] ?? epic] });
  expect(renderTree(forest, nowMs, 80).split("\n")).toHaveLength(2);
});
