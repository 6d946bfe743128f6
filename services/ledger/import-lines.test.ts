import { expect, test } from "vitest";
import { MemoryDisk } from "./disk-memory.ts";
import { addLabels, setFields, tombstone } from "./drafts.ts";
import type { Draft } from "./event.ts";
import { exportLines } from "./export.ts";
import { planImport, writePlan } from "./import-lines.ts";
import type { ImportOptions } from "./import-rows.ts";
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

async function load(ledger: Ledger, rows: readonly (Row | string)[], options?: ImportOptions) {
  const lines = rows.map((row) => (typeof row === "string" ? row : JSON.stringify(row)));
  const plan = planImport(ledger.world, lines, options);
  await writePlan(ledger, "ann", plan);
  return plan.reports;
}

function rowsOf(ledger: Ledger): Row[] {
  return exportLines(ledger.world).map((line) => JSON.parse(line));
}

test("each line is told of: filed, kept out, refused, with why", async () => {
  const ledger = await scratchLedger();
  const rows = [
    '{"_schema":"1"}',
    bead("a-1"),
    "",
    '{"_type":"memory","key":"x"}',
    "{",
    "<<<<<<< ours",
  ];
  expect(await load(ledger, [...rows, bead("other-2", { priority: 7 })])).toEqual([
    { line: 1, outcome: "skipped", why: "a schema, not a bead" },
    { line: 2, id: "a-1", outcome: "created" },
    { line: 4, outcome: "skipped", why: "of type memory, not a bead" },
    { line: 5, outcome: "refused", why: expect.stringContaining("not JSON") },
    { line: 6, outcome: "refused", why: expect.stringContaining("settle the conflict") },
    { line: 7, outcome: "refused", why: "priority is above 4" },
  ]);
  expect(rowsOf(ledger)).toEqual([bead("a-1")]);
});

test("importing twice is importing once", async () => {
  const ledger = await scratchLedger();
  const rows = [bead("a-1", { comments: [said("x")] }), bead("a-2", { status: "closed" })];
  await load(ledger, rows);
  const heads = [...ledger.heads()];
  expect((await load(ledger, rows)).map(({ outcome }) => outcome)).toEqual([
    "unchanged",
    "unchanged",
  ]);
  expect([...ledger.heads()]).toEqual(heads);
});

test("a file goes on where a crash cut it short, event by event", async () => {
  const closed = { status: "closed", closed_at: day(9) };
  const rows = [bead("a-1", closed), bead("a-2", { status: "tombstone", deleted_at: day(9) })];
  for (let kept = 0; kept <= 4; kept += 1) {
    const ledger = await scratchLedger();
    const lines = rows.map((row) => JSON.stringify(row));
    const drafts: Draft[] = planImport(ledger.world, lines).batches.flat();
    expect(drafts).toHaveLength(4);
    await ledger.append("ann", drafts.slice(0, kept));
    await load(ledger, rows);
    expect(rowsOf(ledger), `after ${kept} events`).toStrictEqual(rows);
  }
});

test("a line of the same time that says otherwise changes nothing, and is called so", async () => {
  const ledger = await scratchLedger();
  await load(ledger, [bead("a-1")]);
  const [report] = await load(ledger, [bead("a-1", { title: "Another" })]);
  const why = "same updated_at, other content (title): nothing changed";
  expect(report).toEqual({ line: 1, id: "a-1", outcome: "older", why });
});

test("an import overwrites no newer edit, and says what differs", async () => {
  const ledger = await scratchLedger();
  await load(ledger, [bead("a-1")]);
  const uid = ledger.world.bead("a-1")?.uid ?? "";
  await ledger.append("bob", [setFields(uid, { title: "by hand" }), addLabels(uid, ["x"])]);
  const [report] = await load(ledger, [bead("a-1", { updated_at: day(11) })]);
  expect(report).toMatchObject({
    outcome: "older",
    why: expect.stringMatching(/^title, label -x differ, and it has updated_at 2025-12-11.* here$/),
  });
  expect(rowsOf(ledger)).toMatchObject([{ title: "by hand", labels: ["x"] }]);
});

test("times are compared as instants, to the nanosecond and in any offset", async () => {
  const ledger = await scratchLedger();
  const time = (text: string, title: string) => bead("a-1", { title, updated_at: text });
  await load(ledger, [time("2025-12-10T08:00:00.000000001+05:00", "first")]);
  const outcomes = [
    await load(ledger, [time("2025-12-10T03:00:00.000000001Z", "equal")]),
    await load(ledger, [time("2025-12-10T07:59:00+05:00", "before")]),
    await load(ledger, [time("2025-12-10T03:00:00.000000002Z", "after")]),
  ];
  expect(outcomes.flat().map(({ outcome }) => outcome)).toEqual(["older", "older", "changed"]);
  expect(rowsOf(ledger)).toMatchObject([{ title: "after" }]);
});

test("an edge to a bead that is not here is not taken back by leaving it out", async () => {
  const ledger = await scratchLedger();
  await load(ledger, [bead("a-1", { dependencies: [needs("elsewhere-1")] })]);
  await load(ledger, [bead("a-1", { title: "newer", updated_at: day(11) })]);
  const [row] = rowsOf(ledger);
  expect(row).toMatchObject({ title: "newer", dependencies: [{ depends_on_id: "elsewhere-1" }] });
});

test("a line that vanished deletes nothing", async () => {
  const ledger = await scratchLedger();
  await load(ledger, [bead("a-1"), bead("a-2")]);
  await load(ledger, [bead("a-1", { updated_at: day(11) })]);
  expect(rowsOf(ledger).map(({ id }) => id)).toEqual(["a-1", "a-2"]);
});

test("what was deleted does not come back with a newer line, and is exported", async () => {
  const ledger = await scratchLedger();
  await load(ledger, [bead("a-1")]);
  await ledger.append("bob", [tombstone(ledger.world.bead("a-1")?.uid ?? "", "a mistake")]);
  const [report] = await load(ledger, [bead("a-1", { title: "back", updated_at: day(30) })]);
  expect(report).toMatchObject({ outcome: "skipped", why: expect.stringContaining("for good") });
  const gone = { status: "tombstone", deleted_by: "bob", delete_reason: "a mistake" };
  expect(rowsOf(ledger)).toMatchObject([{ title: "a-1", ...gone }]);
});

test("a tool that drops unknown keys, or rewrites comment times, takes nothing", async () => {
  const ledger = await scratchLedger();
  const whole = { later: { kept: 1 }, comments: [said("x", { created_at: day(9), mood: "+" })] };
  await load(ledger, [bead("a-1", whole)]);
  const rewritten = { comments: [said("x", { id: "0198-ab", created_at: day(20) })] };
  await load(ledger, [bead("a-1", { ...rewritten, title: "newer", updated_at: day(11) })]);
  const time = ledger.world.bead("a-1")?.comments.map(({ createdAt }) => createdAt);
  expect(time).toEqual([day(9)]);
  expect(rowsOf(ledger)).toMatchObject([{ title: "newer", later: { kept: 1 } }]);
  await load(ledger, [bead("a-1", { updated_at: day(21) })]);
  expect(ledger.world.bead("a-1")?.comments).toHaveLength(1);
});

test("an edit leaves the rest of the line as it was", async () => {
  const ledger = await scratchLedger();
  const edges = [needs("c", { thread_id: "t" }), needs("b")];
  const comments = [said("x", { mood: "+" }), said("y", { id: 2 })];
  const row = bead("a-1", { labels: [], assignee: null, dependencies: edges, comments });
  await load(ledger, [row]);
  const uid = ledger.world.bead("a-1")?.uid ?? "";
  const remark = { id: "new", author: "bob", text: "z", created_at: day(12) };
  await ledger.append("bob", [
    { bead: uid, op: "comment", values: remark },
    { bead: uid, op: "link", values: { add: [{ to: "a", type: "blocks", created_at: day(12) }] } },
    setFields(uid, { title: "edited", assignee: "ann" }),
  ]);
  const [after] = rowsOf(ledger);
  const link = { ...needs("a"), issue_id: "a-1", created_at: day(12), created_by: "bob" };
  expect(after).toStrictEqual({
    ...row,
    title: "edited",
    assignee: "ann",
    updated_at: expect.stringMatching(/^2025-12-12/),
    dependencies: [...edges, link],
    comments: [...comments, { ...remark, issue_id: "a-1" }],
  });
});

test("of several lines of one bead the newest counts, and the others are told of", async () => {
  const ledger = await scratchLedger();
  const [one, two] = [bead("a-1"), bead("a-1", { title: "two", updated_at: day(11) })];
  const reports = await load(ledger, [one, two, two, bead("a-1", { title: "three" })]);
  expect(reports).toEqual([
    { line: 1, id: "a-1", outcome: "older", why: "line 2 is of the same bead, and newer" },
    { line: 2, id: "a-1", outcome: "created" },
    { line: 3, id: "a-1", outcome: "unchanged", why: "says the same as line 2" },
    { line: 4, id: "a-1", outcome: "older", why: "line 2 is of the same bead, and newer" },
  ]);
  expect(rowsOf(ledger)).toStrictEqual([two]);
});

test("two machines that minted one id have two beads, the later under another name", async () => {
  const ledger = await scratchLedger();
  const other = bead("a-1.1", { title: "other", created_at: day(9) });
  const rows = [bead("a-1.1"), other, bead("a-2", { dependencies: [needs("a-1.1")] })];
  const [, second] = await load(ledger, rows);
  expect(second?.id).toMatch(/^a-1\.1~/);
  expect(second?.why).toMatch(/name of another bead, on line 1, made at another time: filed as a/);
  const titles = rowsOf(ledger).map(({ id, title }) => [id, title]);
  expect(titles).toEqual([
    ["a-1.1", "a-1.1"],
    [second?.id, "other"],
    ["a-2", "a-2"],
  ]);
  const outcomes = (await load(ledger, rows)).map(({ outcome }) => outcome);
  expect(outcomes).toEqual(["unchanged", "unchanged", "unchanged"]);
  const [elsewhere] = await load(ledger, [bead("a-2", { title: "x", created_at: day(1) })]);
  expect(elsewhere).toMatchObject({ outcome: "created", id: expect.stringMatching(/^a-2~/) });
});

test("a bead is known again though another tool cut its creation time to the second", async () => {
  const ledger = await scratchLedger();
  const created_at = "2025-12-10T00:00:00.727107-08:00";
  await load(ledger, [bead("a-1", { created_at })]);
  const cut = { created_at: "2025-12-10T08:00:00Z", title: "newer", updated_at: day(11) };
  expect(await load(ledger, [bead("a-1", cut)])).toMatchObject([{ outcome: "changed" }]);
  expect(rowsOf(ledger)).toHaveLength(1);
});

test("a file with a cycle is filed on a folder, and told of; what ended is in none", async () => {
  const ledger = await scratchLedger();
  const rows = [
    bead("a-1", { dependencies: [needs("a-2")] }),
    bead("a-2", { dependencies: [needs("a-1")] }),
    bead("a-3", { dependencies: [needs("a-4")] }),
    bead("a-4", { status: "closed", dependencies: [needs("a-3")] }),
    bead("a-5", { dependencies: [needs("a-5")] }),
  ];
  const strict = await scratchLedger();
  const lines = rows.map((row) => JSON.stringify(row));
  const refused = planImport(strict.world, lines, { isStrict: true }).reports;
  expect(refused.map(({ outcome }) => outcome)).toEqual([
    ...["refused", "refused", "created", "created", "refused"],
  ]);
  const told = await load(ledger, rows);
  const why = "a cycle of dependencies: a-1 → a-2 → a-1; the newest edge in it holds nobody back";
  expect(told.map((report) => report.why)).toEqual([
    why,
    why,
    undefined,
    undefined,
    expect.any(String),
  ]);
  expect(rowsOf(ledger)).toStrictEqual(rows);
});

test("a batch never cuts a bead in two", async () => {
  const ledger = await scratchLedger();
  const closed = (index: number) => JSON.stringify(bead(`a-${index}`, { status: "closed" }));
  const lines = Array.from({ length: 1_501 }, (_, index) => closed(index));
  const { batches } = planImport(ledger.world, lines);
  expect(batches.map(({ length }) => length)).toEqual([1_000, 1_000, 1_000, 2]);
  for (const batch of batches) expect(batch.at(-1)?.op).toBe("create");
});
