import { expect, test } from "vitest";
import { barChart } from "./bars.ts";

test("bars are as long as their values, to an eighth of a column", () => {
  const bars = [
    { name: "2026-03-02", value: 8 },
    { name: "2026-03-09", value: 3 },
    { name: "2026-03-16", value: 0 },
  ];
  expect(barChart(bars, 4).split("\n")).toEqual([
    "  2026-03-02  ████ 8",
    "  2026-03-09  █▌ 3",
    "  2026-03-16  0",
  ]);
});

test("what is little is still seen; nothing at all is no bar", () => {
  const little = [
    { name: "a", value: 1_000 },
    { name: "b", value: 1 },
  ];
  expect(barChart(little, 4)).toContain("▏ 1");
  expect(barChart([{ name: "a", value: 0 }], 4)).toBe("  a  0");
});
