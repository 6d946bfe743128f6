import Table from "cli-table3";
import stringWidth from "string-width";
import { cut } from "./one-line.ts";

/** One column: its heading, and whether it gives way where the terminal is narrow. */
export type Column = {
  readonly head: string;
  readonly align?: "left" | "right";
  /**
   * Cut where a line would not fit; of several the one with the lowest number first, `true` being
   * 1; of those with the same number the widest. Its cells carry no colours.
   */
  readonly gives?: boolean | number;
};

const gapColumns = 2;
/** Narrower than this a column that gives way says nothing any more. */
const leastColumns = 8;

/**
 * Rows in aligned columns, without borders. Headings are left out where all are empty, and so is a
 * column in which no row has anything.
 *
 * @param width the display columns to fit into; `Infinity` where nobody counts them
 */
export function table(
  columns: readonly Column[],
  rows: readonly string[][],
  width: number,
): string {
  const used = columns.map((_, at) => rows.some((row) => row[at]));
  const shown = columns.filter((_, at) => used[at]);
  const cells = rows.map((row) => row.filter((_, at) => used[at]));
  const headed = shown.some(({ head }) => head !== "");
  const grid = new Table({
    chars: borderless,
    style: { head: [], border: [], "padding-left": 0, "padding-right": gapColumns },
    colAligns: shown.map(({ align }) => align ?? "left"),
  });
  const lines = headed ? [shown.map(({ head }) => head), ...cells] : cells;
  grid.push(...fitted(shown, lines, width));
  const text = grid.toString();
  return text
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

function fitted(columns: readonly Column[], lines: readonly string[][], width: number): string[][] {
  if (!Number.isFinite(width)) return [...lines];
  const widths = columns.map((_, at) =>
    Math.max(0, ...lines.map((line) => stringWidth(line[at] ?? ""))),
  );
  const gaps = gapColumns * (columns.length - 1);
  const over = widths.reduce((sum, each) => sum + each, gaps) - width;
  const giving = columns
    .map(({ gives }, at) => ({ at, order: Number(gives ?? 0) }))
    .filter(({ order }) => order > 0)
    .sort((a, b) => a.order - b.order);
  for (let left = over; left > 0; left -= 1) {
    const able = giving.filter(({ at }) => (widths[at] ?? 0) > leastColumns);
    const first = able.filter(({ order }) => order === able[0]?.order);
    const widest = first.sort((a, b) => (widths[b.at] ?? 0) - (widths[a.at] ?? 0))[0];
    if (!widest) break;
    widths[widest.at] = (widths[widest.at] ?? 0) - 1;
  }
  const given = new Set(giving.map(({ at }) => at));
  return lines.map((line) =>
    line.map((cell, at) => (given.has(at) ? cut(cell, widths[at] ?? 0) : cell)),
  );
}

const edges = ["top", "bottom", "left", "right", "mid"] as const;
const joints = ["top-mid", "top-left", "top-right", "bottom-mid", "bottom-left", "bottom-right"];
const inner = ["left-mid", "mid-mid", "right-mid", "middle"];
const borderless = Object.fromEntries([...edges, ...joints, ...inner].map((name) => [name, ""]));
