import type { Comparator } from "./filter-tokens.ts";

/** How the values of a field are compared; `part`: some of the text is enough. */
export type FieldKind = "word" | "title" | "part" | "priority" | "date" | "flag";

/** What is asked of the values of a field. */
export type Asked = {
  readonly op: Comparator;
  readonly kind: FieldKind;
  readonly value: string;
};

/** Whether one of the values that are held is as it is asked for. */
export function compare(asked: Asked, held: readonly string[]): boolean {
  const { op, kind, value: wanted } = asked;
  if (op === "!=") return !compare({ ...asked, op: "=" }, held);
  if (wanted === "*") return held.some((value) => value !== "");
  if (wanted === "") return held.every((value) => value === "");
  if (kind === "date") return held.some((value) => compareDate(op, value, wanted));
  if (op === "<") return held.some((value) => value < wanted);
  if (op === "<=") return held.some((value) => value <= wanted);
  if (op === ">") return held.some((value) => value > wanted);
  if (op === ">=") return held.some((value) => value >= wanted);
  // A part of a title or text is enough for `:`; elsewhere it is the same as `=`.
  const part = kind === "part" || (op === ":" && kind === "title");
  return held.some((value) => alike(value, wanted, part));
}

/** Compared as spans of time: a day is all of it, whatever the offset an instant is written in. */
function compareDate(op: Comparator, held: string, wanted: string): boolean {
  const heldMs = Date.parse(held);
  const span = spanOf(wanted);
  if (!span || Number.isNaN(heldMs)) return false;
  if (op === "<") return heldMs < span.startMs;
  if (op === "<=") return heldMs < span.endMs;
  if (op === ">") return heldMs >= span.endMs;
  if (op === ">=") return heldMs >= span.startMs;
  return heldMs >= span.startMs && heldMs < span.endMs;
}

const dayMs = 86_400_000;

/** The day in UTC, or the ms, that a date names. */
export function spanOf(date: string): { startMs: number; endMs: number } | undefined {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(date);
  if (!isDay && !/^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$/i.test(date)) return undefined;
  const startMs = Date.parse(date);
  if (Number.isNaN(startMs)) return undefined;
  return { startMs, endMs: startMs + (isDay ? dayMs : 1) };
}

function alike(value: string, wanted: string, part: boolean): boolean {
  const [held, text] = [value.toLowerCase(), wanted.toLowerCase()];
  if (part) return held.includes(text.replaceAll("*", ""));
  if (text.startsWith("*") && text.endsWith("*")) return held.includes(text.slice(1, -1));
  if (text.startsWith("*")) return held.endsWith(text.slice(1));
  if (text.endsWith("*")) return held.startsWith(text.slice(0, -1));
  return held === text;
}
