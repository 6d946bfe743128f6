import { expect, test } from "vitest";
import { table } from "./table.ts";

const columns = [
  { head: "FROM", gives: 1 },
  { head: "SUBJECT", gives: 2 },
  { head: "SENT", align: "right" as const },
];
const row = ["rigs/alpha/polecats/nux", "REJECTED alpha-1: Greet the town by its name", "3m ago"];

test("a line that fits is left as it is", () => {
  expect(table(columns, [row], 80)).toContain(row.join("  "));
  expect(table(columns, [row], Number.POSITIVE_INFINITY)).toContain(row.join("  "));
});

test("of columns that give way together the widest does first", () => {
  const [title, who] = ["t".repeat(50), "w".repeat(30)];
  const heads = [
    { head: "TITLE", gives: true },
    { head: "WHO", gives: true },
  ];
  const widths = (width: number) =>
    table(heads, [[title, who]], width)
      .split("\n")[1]
      ?.split("  ")
      .map((cell) => cell.length);
  expect(widths(80)).toEqual([48, 30]);
  expect(widths(62)).toEqual([30, 30]);
  expect(widths(42)).toEqual([20, 20]);
  expect(widths(10)).toEqual([8, 8]);
});

test("columns give way one after the other, until a line fits", () => {
  expect(table(columns, [row], 70).split("\n")[1]).toBe(
    "rigs/alpha/pole…  REJECTED alpha-1: Greet the town by its name  3m ago",
  );
  for (const width of [70, 60, 40]) {
    const lines = table(columns, [row], width).split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
  }
  expect(table(columns, [row], 40)).toMatch(/^rigs\/al… {2}REJECTED alpha-1: .*… {2}3m ago$/m);
});
