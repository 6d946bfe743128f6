import { expect, test } from "vitest";
import { MemoryDisk } from "./disk-memory.ts";
import { openLedger } from "./ledger.ts";
import { readFolder } from "./read-folder.ts";
import { type SegmentText, verifySegments } from "./verify.ts";

/** Two segments of one writer: three events, then two. */
async function written(): Promise<[SegmentText, SegmentText]> {
  const disk = new MemoryDisk();
  const random = () => "life0001";
  const ledger = await openLedger({ dir: "/j", machine: "vm-a", disk, nowMs: () => 1_000, random });
  for (const size of [1, 1, 1, 70_000, 1]) {
    const fields = { title: "x".repeat(size) };
    await ledger.append("overseer", [{ bead: "a", op: "set", values: { fields } }]);
  }
  const [one, two, three] = await readFolder(disk, "/j");
  if (!one || !two || !three) throw new Error("three segments");
  return [one, { ...two, text: two.text + three.text }];
}

const whole = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");

test("what was written is found whole", async () => {
  const verified = verifySegments((await written()).toReversed());
  expect(verified).toEqual({ segments: 2, writers: 1, events: 5, findings: [] });
});

test.for<[string, (lines: string[]) => string[], string[]]>([
  ["deleted", ([one = "", _, three = ""]) => [one, three], ["2 gap"]],
  [
    "edited",
    ([one = "", two = "", three = ""]) => [one, two.replace("x", "y"), three],
    ["3 chain"],
  ],
  ["doubled", ([one = "", ...rest]) => [one, one, ...rest], ["2 order"]],
  ["moved", ([one = "", two = "", three = ""]) => [two, one, three], ["1 gap", "2 order"]],
  ["broken", ([one = "", two = "", three = ""]) => [one, two.slice(5), three], ["2 bad-line"]],
  ["another", (lines) => [...lines, (lines[2] ?? "").replace("x", "z")], ["4 fork"]],
  [
    "strange",
    (lines) => lines.map((line) => line.replaceAll("vm-a.", "vm-b.")).slice(0, 1),
    ["1 foreign"],
  ],
])("a line that was %s is named by file and line", async ([, change, expected]) => {
  const [one] = await written();
  const text = whole(change(one.text.split("\n").slice(0, -1)));
  const { findings } = verifySegments([{ ...one, text }]);
  const found = findings.map(({ line, kind }) => `${line} ${kind.replace("broken-", "")}`);
  expect(found).toEqual(expected);
  expect(findings[0]?.file).toBe("/j/vm-a.life0001/000001.jsonl");
});

test("a deleted segment is a gap, and a torn end is told from one in the middle", async () => {
  const [one, two] = await written();
  expect(verifySegments([two]).findings).toMatchObject([
    { file: two.path, line: 1, kind: "gap", detail: "vm-a.life0001:1 to 3 are missing before 4" },
  ]);
  const torn = (segment: SegmentText) => ({ ...segment, text: segment.text.slice(0, -3) });
  const atEnd = verifySegments([one, torn(two)]).findings;
  expect(atEnd).toMatchObject([{ kind: "torn", line: 2 }]);
  expect(atEnd[0]?.detail).toContain("as a crash leaves it");
  const inside = verifySegments([torn(one), two]).findings;
  expect(inside.map(({ kind, line }) => `${kind} ${line}`)).toEqual(["torn 3", "gap 1"]);
});

test("journals, homes and clones are told apart; what is none is refused", async () => {
  const [one] = await written();
  for (const [dir, place] of [
    ["/j", "/j/vm-a.life0001"],
    ["/home", "/home/journal/vm-a.life0001"],
    ["/clone", "/clone/.beads/events/vm-a/vm-a.life0001"],
  ] as const) {
    const disk = new MemoryDisk();
    disk.write(`${place}/000001.jsonl`, Buffer.from(one.text));
    const found = await readFolder(disk, dir);
    expect(found).toEqual([{ ...one, path: `${place}/000001.jsonl` }]);
  }
  await expect(readFolder(new MemoryDisk(), "/empty")).rejects.toThrow("no ledger in /empty");
});
