import { table } from "./table.ts";

/** One bar: its name and its length. */
export type Bar = { readonly name: string; readonly value: number };

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** Bars below each other, the longest `columns` wide, with their values behind them. */
export function barChart(bars: readonly Bar[], columns: number): string {
  const most = Math.max(0, ...bars.map(({ value }) => value));
  const rows = bars.map(({ name, value }) => {
    const bar = most === 0 ? "" : barOf((value / most) * columns);
    return [`  ${name}`, bar === "" ? String(value) : `${bar} ${value}`];
  });
  return table([{ head: "" }, { head: "" }], rows, Number.POSITIVE_INFINITY);
}

/** At least a sliver for what is more than nothing. */
function barOf(width: number): string {
  const parts = width > 0 ? Math.max(1, Math.round(width * 8)) : 0;
  return "█".repeat(Math.floor(parts / 8)) + (eighths[parts % 8] ?? "");
}
