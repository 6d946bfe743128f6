import { expect, test } from "vitest";
import { MemoryDisk } from "./disk-memory.ts";
import { exportLines } from "./export.ts";
import { planImport, writePlan } from "./import-lines.ts";
import { type Ledger, openLedger } from "./ledger.ts";

type Row = { readonly id: string; readonly [key: string]: unknown };

const day = (number: number) => `2025-12-${String(number).padStart(2, "0")}T00:00:00Z`;
const at = { created_at: day(10), updated_at: day(10) };
const bead = (id: string, more: object = {}): Row => ({
  id,
  title: id,
  priority: 2,
  ...at,
  ...more,
});
const needs = (id: string, more: object = {}) => ({ depends_on_id: id, type: "blocks", ...more });
const said = (text: string, more: object = {}) => ({ id: 1, author: "bob", text, ...more });

function scratchLedger(): Promise<Ledger> {
  let ms = Date.parse(day(12));
  const nowMs = () => (ms += 1);
  return openLedger({ dir: "/journal", machine: "vm-a", disk: new MemoryDisk(), nowMs });
}

async function load(ledger: Ledger, rows: readonly (Row | string)[]) {
  const lines = rows.map((row) => (typeof row === "string" ? row : JSON.stringify(row)));
  const plan = planImport(ledger.world, lines);
  await writePlan(ledger, "ann", plan);
  return plan.reports;
}

function rowsOf(ledger: Ledger): Row[] {
  return exportLines(ledger.world).map((line) => JSON.parse(line));
}

const newer: [string, object, object, string][] = [
  ["a field", { title: "old" }, { title: "new" }, "title"],
  ["a field that went", { notes: "x" }, {}, "notes"],
  [
    "metadata",
    { metadata: { a: 1 } },
    { metadata: { a: 2, gt: { patch: "x" } } },
    "gt.patch, metadata",
  ],
  ["labels", { labels: ["a", "b"] }, { labels: ["c", "b"] }, "label +c, label -a"],
  ["a comment", {}, { comments: [said("hello", { mood: "+" })] }, "comments"],
  [
    "an edge",
    { dependencies: [needs("b")] },
    { dependencies: [needs("c")] },
    "edge -blocks b, edge +blocks c",
  ],
  [
    "what an edge says of itself",
    { dependencies: [needs("b", { thread_id: "1" })] },
    { dependencies: [needs("b", { thread_id: "2" })] },
    "edge blocks b",
  ],
  ["a close", {}, { status: "closed", closed_at: day(13), close_reason: "done" }, "status"],
  ["a close with no time", {}, { status: "closed" }, "status"],
  ["a close undone", { status: "closed", closed_at: day(9) }, { status: "open" }, "status"],
  [
    "how it was closed",
    { status: "closed", closed_at: day(9), close_reason: "x" },
    { status: "closed", closed_at: day(11), close_reason: "y" },
    "how it was closed",
  ],
  ["a deletion", {}, { status: "tombstone", deleted_at: day(13), deleted_by: "d" }, "status"],
  ["the time alone", {}, {}, "updated_at"],
  ["much at once", { labels: ["a"], title: "x", status: "closed" }, { comments: [said("y")] }, ""],
];

test.for(newer)("%s of a newer line is taken, and comes out as it is there", async (each) => {
  const [, before, after, why] = each;
  const ledger = await scratchLedger();
  await load(ledger, [bead("a-1", before), bead("b"), bead("c")]);
  const row = bead("a-1", { ...after, updated_at: day(11) });
  const [report] = await load(ledger, [row]);
  expect(report).toMatchObject({ outcome: "changed", why: why || expect.any(String) });
  expect(rowsOf(ledger)[0]).toStrictEqual(row);
  expect(await load(ledger, [row])).toEqual([{ line: 1, id: "a-1", outcome: "unchanged" }]);
});

test.for(newer)("an import of %s goes on where a crash cut it short", async ([, before, after]) => {
  const row = bead("a-1", { ...after, updated_at: day(11) });
  for (let kept = 0; ; kept += 1) {
    const ledger = await scratchLedger();
    await load(ledger, [bead("a-1", before), bead("b"), bead("c")]);
    const drafts = planImport(ledger.world, [JSON.stringify(row)]).batches.flat();
    if (kept > drafts.length) break;
    await ledger.append("ann", drafts.slice(0, kept));
    await load(ledger, [row]);
    expect(rowsOf(ledger)[0], `after ${kept} events`).toStrictEqual(row);
  }
});
