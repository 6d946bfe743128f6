import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Beads } from "./beads.ts";
import { BeadsRow } from "./beads-row.ts";
import { decodeEvent, encodeEvent } from "./event.ts";
import { exportLines } from "./export.ts";
import { planImport } from "./import-lines.ts";

const at = { created_at: "2025-12-20T03:25:59.727107-08:00", updated_at: "2025-12-21T00:00:00Z" };
const bare = { id: "alpha-1", title: "Greet", priority: 1 };
const plain = { ...bare, status: "open", issue_type: "task", ...at };
const needs = (id: string, more: object = {}) => ({
  issue_id: "alpha-1",
  depends_on_id: id,
  type: "blocks",
  created_at: "2025-12-20T03:26:45.400818-08:00",
  created_by: "daemon",
  ...more,
});
const said = (id: unknown, text: string, more: object = {}) => ({
  ...(id !== undefined && { id }),
  ...{ issue_id: "alpha-1", author: "bob", text, created_at: "2025-12-20T04:00:00Z" },
  ...more,
});

/** Import files one after the other into a new ledger and export it again, as rows by id. */
function roundTrip(...files: readonly (readonly string[])[]): Map<string, Row> {
  const world = new Beads();
  let seq = 0;
  for (const lines of files) {
    const { batches, reports } = planImport(world, lines);
    expect(reports.filter(({ outcome }) => outcome === "refused")).toEqual([]);
    for (const draft of batches.flat()) {
      seq += 1;
      const { values, ...rest } = draft;
      const stamp = { v: 1, writer: "town.test", seq, clock: [seq, 0] as const, prev: "" };
      const event = encodeEvent({ ...rest, ...stamp, actor: "ann", values: values as never });
      world.fold(decodeEvent(event.line)); // As it is read after a restart.
    }
  }
  const rows = exportLines(world).map((line) => JSON.parse(line) as Row);
  return new Map(rows.map((row) => [row.id, row]));
}

type Row = { readonly id: string; readonly [key: string]: unknown };

test.for<[string, object]>([
  ["the least there is", bare],
  ["a line as Beads writes it", { ...plain, description: "Say <hello> & mean it" }],
  ["no status, no type, no times", { ...bare, description: "x" }],
  ["no updated_at", { ...bare, created_at: at.created_at, created_by: "ann" }],
  ["null in place of absence", { ...plain, assignee: null, labels: null, metadata: null }],
  ["null lists", { ...plain, dependencies: null, comments: null, waiters: null }],
  ["null times", { ...plain, closed_at: null, due_at: null, updated_at: null }],
  ["empty texts", { ...plain, description: "", assignee: "", created_by: "", owner: "" }],
  ["empty words", { ...plain, status: "", issue_type: "" }],
  ["empty lists", { ...plain, labels: [], dependencies: [], comments: [], bonded_from: [] }],
  ["empty metadata", { ...plain, metadata: {} }],
  ["metadata that is a text", { ...plain, metadata: '{"a":1}' }],
  ["metadata that is a number", { ...plain, metadata: 0 }],
  ["metadata that is a list", { ...plain, metadata: [1, null, { gt: 1 }] }],
  ["metadata of ours", { ...plain, metadata: { team: "x", gt: { patch: "---", sling: null } } }],
  ["metadata of ours alone, empty", { ...plain, metadata: { gt: {} } }],
  ["metadata whose gt is none of ours", { ...plain, metadata: { gt: "fast" } }],
  [
    "metadata that takes a name of ours",
    { ...plain, metadata: { gt: { as_written: { id: {} } } } },
  ],
  ["keys that look like ours", { ...plain, "gt.patch": "x", "gt.as_written": { title: {} } }],
  ["keys of a later version", { ...plain, later: { kept: [true, null] }, content_hash: "ab" }],
  ["keys with names of our events", { ...plain, uid: "u", to: "t", edges: [], fields: {} }],
  ["keys that name what every object has", { ...plain, constructor: 1, toString: null }],
  ["a leading _type", { _type: "issue", ...plain }],
  ["labels in an order of their own, one twice", { ...plain, labels: ["b", "a", "b"] }],
  ["closed", { ...plain, status: "closed", closed_at: at.updated_at, close_reason: "done" }],
  ["closed with no time", { ...plain, status: "closed" }],
  ["closed with no time at all", { ...bare, status: "closed" }],
  ["closed with an empty reason", { ...plain, status: "closed", close_reason: "" }],
  ["a close time of an open bead", { ...plain, closed_at: at.updated_at, close_reason: "early" }],
  ["a status of a later version", { ...plain, status: "simmering", issue_type: "stew" }],
  ["pinned, hooked and a gate", { ...plain, status: "hooked", pinned: true, timeout: 36e11 }],
  ["waiters in order", { ...plain, await_type: "gh:run", await_id: "7", waiters: ["b", "a"] }],
  [
    "a tombstone",
    {
      ...plain,
      status: "tombstone",
      deleted_at: at.updated_at,
      deleted_by: "d",
      delete_reason: "",
    },
  ],
  ["a tombstone that says nothing of itself", { ...plain, status: "tombstone" }],
  ["a tombstone that was closed", { ...plain, status: "tombstone", closed_at: at.updated_at }],
  [
    "marks of a tombstone on what is none",
    { ...plain, deleted_at: at.updated_at, deleted_by: "d", original_type: "bug" },
  ],
  ["edges out of order", { ...plain, dependencies: [needs("b-2"), needs("a-1"), needs("c-3")] }],
  ["an edge by nobody", { ...plain, dependencies: [{ ...needs("b"), created_by: undefined }] }],
  ["an edge by an empty name", { ...plain, dependencies: [needs("b", { created_by: "" })] }],
  ["an edge with the least", { ...plain, dependencies: [{ depends_on_id: "b", type: "blocks" }] }],
  ["an edge with no type", { ...plain, dependencies: [{ depends_on_id: "b" }] }],
  ["an edge of another bead", { ...plain, dependencies: [needs("b", { issue_id: "other" })] }],
  [
    "edges with keys of later versions",
    { ...plain, dependencies: [needs("b", { thread_id: "t", metadata: "{}", to: "x", id: 9 })] },
  ],
  ["an edge twice", { ...plain, dependencies: [needs("b"), needs("b", { created_by: "x" })] }],
  [
    "two edges to one bead",
    { ...plain, dependencies: [needs("b"), needs("b", { type: "tracks" })] },
  ],
  ["a bead that waits for itself", { ...plain, dependencies: [needs("alpha-1")] }],
  ["a number as comment id", { ...plain, comments: [said(7, "a"), said(3, "b")] }],
  ["a text as comment id", { ...plain, comments: [said("0198-ab", "a")] }],
  ["no comment id", { ...plain, comments: [said(undefined, "a"), said(undefined, "a")] }],
  ["one comment id twice", { ...plain, comments: [said(1, "a"), said(1, "b"), said("1", "c")] }],
  ["comments in an order of their own", { ...plain, comments: [said(2, "later"), said(1, "x")] }],
  [
    "a comment with keys of later versions",
    { ...plain, comments: [said(1, "a", { mood: ["+"] })] },
  ],
  ["a comment with no time", { ...plain, comments: [said(1, "a", { created_at: undefined })] }],
  ["a comment with no text", { ...plain, comments: [{ id: 5 }] }],
  ["nanoseconds and offsets", { ...plain, due_at: "2026-01-01T00:00:00.123456789+05:45" }],
  ["a time of no year", { ...plain, started_at: "0001-01-01T00:00:00Z" }],
  ["odd characters", { ...plain, title: "\u0000\ud800\u2028 <&> 😀", notes: "\r\n\t\\" }],
])("%s comes back as it was", ([, row]) => {
  const line = JSON.stringify(row);
  expect(roundTrip([line]).get("alpha-1")).toStrictEqual(JSON.parse(line));
});

test("a line of 10 MB comes back as it was", () => {
  const row = { ...plain, description: "x<".repeat(5 * 1024 * 1024) };
  expect(roundTrip([JSON.stringify(row)]).get("alpha-1")).toStrictEqual(row);
});

test("HTML-escaped strings are the strings that they stand for", () => {
  const line = JSON.stringify({ ...plain, notes: "NOTES" }).replace("NOTES", "\\u003cb\\u003e");
  expect(roundTrip([line]).get("alpha-1")).toStrictEqual({ ...plain, notes: "<b>" });
});

test("identical content in two beads is two beads", () => {
  const rows = ["alpha-1", "alpha-2"].map((id) => ({ ...plain, id }));
  expect([...roundTrip(rows.map((row) => JSON.stringify(row))).values()]).toStrictEqual(rows);
});

const time = fc.constantFrom("2025-12-20T03:25:59.727107-08:00", "2025-01-01T00:00:00Z", null);
const word = fc.constantFrom("", "x", "blocks", "parent-child", "alpha-2", null);
const edge = fc.record(
  { depends_on_id: fc.constantFrom("alpha-1", "b", "c"), type: word, created_at: time }, //
  { requiredKeys: ["depends_on_id"] },
);
const remark = fc.record(
  { id: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom("1", "a", "")), text: word },
  { requiredKeys: [] },
);
const checked = new Set([
  ...Object.keys(BeadsRow.shape),
  ...["_type", "_schema", "depends_on_id", "type", "author", "text"],
]);
/** Any keys with any values beside those whose values are checked. */
const extra = fc.dictionary(
  fc.string().filter((key) => !checked.has(key)),
  fc.jsonValue(),
);
const known = fc.record(
  {
    status: fc.constantFrom("open", "closed", "tombstone", "hooked", "simmering", "", null),
    issue_type: fc.constantFrom("task", "", null, "stew"),
    ...{ created_at: time, updated_at: time, closed_at: time, deleted_at: time, due_at: time },
    ...{ description: word, assignee: word, created_by: word, close_reason: word },
    ...{ deleted_by: word, delete_reason: word, original_type: word },
    labels: fc.oneof(fc.constant(null), fc.array(fc.constantFrom("a", "b", ""))),
    dependencies: fc.oneof(fc.constant(null), fc.array(fc.tuple(edge, extra))),
    comments: fc.oneof(fc.constant(null), fc.array(fc.tuple(remark, extra))),
    metadata: fc.oneof(
      fc.jsonValue(),
      extra.map((gt) => ({ gt, team: 1 })),
    ),
  },
  { requiredKeys: [] },
);

const made = fc.tuple(extra, known).map(([more, { dependencies, comments, ...rest }]) => {
  const merged = (pairs: [object, object][] | null) =>
    pairs?.map(([own, further]) => ({ ...further, ...own })) ?? null;
  return {
    ...more,
    ...(dependencies !== undefined && { dependencies: merged(dependencies) }),
    ...(comments !== undefined && { comments: merged(comments) }),
    ...rest,
    ...bare,
  };
});

/** But for the one key that is refused. */
const rows = made.filter((row) => !JSON.stringify(row).includes("__proto__"));

test("whatever a line has that can be read, it comes back as it was", () => {
  fc.assert(
    fc.property(rows, (row) => {
      const line = JSON.stringify(row);
      expect(roundTrip([line]).get("alpha-1")).toStrictEqual(JSON.parse(line));
    }),
    { numRuns: 1_000 },
  );
});

test("whatever a newer line says, the bead says then", () => {
  const isSaid = (value: unknown) => value !== null && value !== "";
  fc.assert(
    fc.property(rows, rows, (before, after) => {
      fc.pre(before.status !== "tombstone");
      const [old, now] = [
        { ...before, ...at },
        { ...after, ...at, updated_at: "2025-12-22T00:00:00Z" },
      ].map((row) => JSON.parse(JSON.stringify(row)) as Row);
      const back = roundTrip([JSON.stringify(old)], [JSON.stringify(now)]).get("alpha-1");
      const lists = ["dependencies", "comments", "metadata"];
      for (const [key, value] of Object.entries(now ?? {})) {
        if (isSaid(value) && !lists.includes(key)) expect([key, back?.[key]]).toEqual([key, value]);
      }
    }),
    { numRuns: 1_000 },
  );
});

const samples = process.env["GT_SAMPLES"] ?? "";
const files = existsSync(samples)
  ? readdirSync(samples, { recursive: true, encoding: "utf8" }).filter((f) => f.endsWith(".jsonl"))
  : [];

test.runIf(files.length === 0)("real files are read where GT_SAMPLES names their folder", () => {
  expect(files).toEqual([]);
});

test.for(files)("every line of %s comes back as it was", (name) => {
  const lines = readFileSync(join(samples, name), "utf8")
    .split("\n")
    .filter((line) => line !== "");
  const back = roundTrip(lines);
  for (const [index, line] of lines.entries()) {
    const row = JSON.parse(line) as { id: string };
    expect(back.get(row.id), `line ${index + 1}`).toStrictEqual(row);
  }
  expect(back.size).toBe(lines.length);
});
