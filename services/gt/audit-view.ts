import type { JsonValue } from "@bufbuild/protobuf";
import { toJson } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate, type Value, ValueSchema } from "@bufbuild/protobuf/wkt";
import type { AuditEntry, FieldChange } from "#proto/gastown/v1/audit_service_pb.ts";
import { cut, oneLine } from "./one-line.ts";
import { table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

type Viewer = Pick<Terminal, "paint" | "columns">;

const valueColumns = 120;

/** Entries as a table, a line each. */
export function auditTable(entries: readonly AuditEntry[], { paint, columns }: Viewer): string {
  const rows = entries.map((entry) => [
    instant(entry.time),
    oneLine(entry.actor),
    oneLine(entry.machine),
    oneLine(entry.bead),
    oneLine(entry.kind),
    epochOf(entry, paint),
    oneLine(entry.summary),
  ]);
  return table(
    [
      { head: "TIME" },
      { head: "WHO" },
      { head: "WHERE" },
      { head: "BEAD" },
      { head: "WHAT" },
      { head: "EPOCH" },
      { head: "SUMMARY", gives: true },
    ],
    rows,
    columns(),
  );
}

/** A bead's events: when, what, who, where, under which epoch; below each what it changed. */
export function historyLines(entries: readonly AuditEntry[], { paint, columns }: Viewer): string {
  const heads = table(
    [{ head: "" }, { head: "" }, { head: "" }, { head: "" }, { head: "" }],
    entries.map((entry) => [
      instant(entry.time),
      paint.bold(oneLine(entry.kind)),
      oneLine(entry.actor),
      oneLine(entry.machine),
      epochOf(entry, paint),
    ]),
    columns(),
  ).split("\n");
  return entries
    .flatMap(({ changes }, at) => {
      const texts = changes.flatMap(partsOf).map(changeLine);
      const lines = texts.map((text) => cut(`    ${text}`, columns()));
      return [heads[at] ?? "", ...(lines.length > 0 ? lines : ["    (nothing changed)"])];
    })
    .join("\n");
}

function epochOf({ epoch, late }: AuditEntry, paint: Viewer["paint"]): string {
  return late ? `${oneLine(epoch)} ${paint.red("late")}` : oneLine(epoch);
}

/** An object that changed is told by those of its parts that did. */
function partsOf(change: FieldChange): FieldChange[] {
  const { field, before, after } = change;
  if (before?.kind.case !== "structValue" || after?.kind.case !== "structValue") return [change];
  const [was, is] = [before.kind.value.fields, after.kind.value.fields];
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  const parts = names.map((name) => ({ name, before: was[name], after: is[name] }));
  return parts
    .filter((part) => textOf(part.before) !== textOf(part.after))
    .map((part) => ({
      $typeName: change.$typeName,
      field: `${field}.${part.name}`,
      ...(part.before && { before: part.before }),
      ...(part.after && { after: part.after }),
    }));
}

/** `priority: 2 → 0`; `notes: n → (gone)`; `label:ui` added, or gone. */
function changeLine({ field, before, after }: FieldChange): string {
  const [was, is] = [shortText(before), shortText(after)];
  const name = oneLine(field);
  const isFlag = before?.kind.case === "boolValue" || after?.kind.case === "boolValue";
  if (isFlag && (before === undefined || after === undefined)) {
    return `${before === undefined ? "+" : "-"} ${name}`;
  }
  if (after === undefined) return `${name}: ${was} → (gone)`;
  return before === undefined ? `${name}: ${is}` : `${name}: ${was} → ${is}`;
}

function textOf(value: Value | undefined): string {
  if (value === undefined) return "";
  const json = toJson(ValueSchema, value);
  return oneLine(typeof json === "string" ? json : JSON.stringify(json));
}

function shortText(value: Value | undefined): string {
  return cut(textOf(value), valueColumns);
}

/** In UTC, to the second: the record is read on other machines too. */
export function instant(time: Timestamp | undefined): string {
  if (time === undefined) return "-";
  return `${timestampDate(time).toISOString().slice(0, 19)}Z`;
}

/** The names of the columns of {@link csvLine}. */
export const csvHead = [
  ...["time", "actor", "machine", "bead", "bead_uid", "kind", "operation", "epoch", "late"],
  ...["summary", "changes", "writer", "sequence", "hash"],
].join(",");

/** One entry as a line of CSV (RFC 4180); what it changed is JSON in one cell. */
export function csvLine(entry: AuditEntry): string {
  const { time, changes, sequence, late } = entry;
  const cells = [
    time === undefined ? "" : timestampDate(time).toISOString(),
    ...[entry.actor, entry.machine, entry.bead, entry.beadUid, entry.kind, entry.operation],
    ...[entry.epoch, String(late), entry.summary, JSON.stringify(changes.map(changeJson))],
    ...[entry.writer, String(sequence), entry.hash],
  ];
  return cells.map(csvCell).join(",");
}

function changeJson({ field, before, after }: FieldChange): Record<string, JsonValue> {
  return {
    field,
    ...(before && { before: toJson(ValueSchema, before) }),
    ...(after && { after: toJson(ValueSchema, after) }),
  };
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
