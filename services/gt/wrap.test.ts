import { expect, test } from "vitest";
import { wrap } from "./wrap.ts";

test("lines end between words, and what follows is indented", () => {
  expect(wrap("waits for alpha-b, which is open", 16)).toEqual([
    "waits for",
    "  alpha-b, which",
    "  is open",
  ]);
  expect(wrap("short", 16)).toEqual(["short"]);
  expect(wrap("an-id-that-is-longer than it", 8)).toEqual([
    "an-id-that-is-longer",
    "  than",
    "  it",
  ]);
  expect(wrap("any length at all", Number.POSITIVE_INFINITY)).toEqual(["any length at all"]);
});
