import { create, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { timestampFromMs, ValueSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { AuditEntrySchema } from "#proto/gastown/v1/audit_service_pb.ts";
import { csvHead, csvLine, historyLines } from "./audit-view.ts";
import { plainPaint } from "./terminal.ts";

const value = (json: JsonValue) => fromJson(ValueSchema, json);
const viewer = (width: number) => ({ paint: plainPaint, columns: () => width });

const entry = (over: object) =>
  create(AuditEntrySchema, {
    time: timestampFromMs(Date.parse("2026-03-01T09:00:00Z")),
    ...{ actor: "ann", machine: "vm-a", bead: "alpha-1", beadUid: "u", kind: "updated" },
    ...{ operation: "set", writer: "vm-a.abcd1234", sequence: 7n, hash: "h" },
    ...over,
  });

test("an object is told by what changed in it, a late effect is marked", () => {
  const changes = [
    { field: "gt.claim", before: value({ epoch: "1.1", n: 1 }), after: value({ epoch: "1.2" }) },
    { field: "label:ui", before: value(true) },
    { field: "pinned", before: value(true), after: value(false) },
  ];
  const late = entry({ changes, epoch: "1.1.0", late: true });
  expect(historyLines([late, entry({})], viewer(120)).split("\n")).toEqual([
    "2026-03-01T09:00:00Z  updated  ann  vm-a  1.1.0 late",
    "    gt.claim.epoch: 1.1 → 1.2",
    "    gt.claim.n: 1 → (gone)",
    "    - label:ui",
    "    pinned: true → false",
    "2026-03-01T09:00:00Z  updated  ann  vm-a",
    "    (nothing changed)",
  ]);
});

test("what agents wrote cannot break a line or move the cursor, and fits the terminal", () => {
  const after = value(`a\nb\u001b[2J${"x".repeat(200)}`);
  const lines = historyLines([entry({ changes: [{ field: "notes", after }] })], viewer(60));
  expect(lines.split("\n")).toHaveLength(2);
  expect(lines.split("\n")[1]).toMatch(/^ {4}notes: a bx+…$/);
  expect(lines.split("\n")[1]?.length).toBe(60);
});

test("a line of CSV has a cell for each name, quotes and line ends inside", () => {
  const text = csvLine(entry({ summary: 'He said "no",\nthen left', late: true }));
  expect(text).toBe(
    '2026-03-01T09:00:00.000Z,ann,vm-a,alpha-1,u,updated,set,,true,"He said ""no"",\nthen left",' +
      "[],vm-a.abcd1234,7,h",
  );
  expect(csvHead.split(",")).toHaveLength(14);
});
