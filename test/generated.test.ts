import { expect, test } from "vitest";
import { compareTrees } from "./generated.ts";

test("trees that are alike differ in nothing", () => {
  expect(compareTrees(new Map([["a", "1"]]), new Map([["a", "1"]]))).toEqual([]);
});

test("what is missing, changed or stale is named", () => {
  const wanted = new Map([
    ["a", "1"],
    ["b", "1"],
  ]);
  const found = new Map([
    ["b", "2"],
    ["c", "1"],
  ]);
  expect(compareTrees(wanted, found)).toEqual(["changed  b", "missing  a", "stale    c"]);
});
