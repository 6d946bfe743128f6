import { expect, test } from "vitest";
import { parseSince, parseWhen } from "./when.ts";

const nowMs = Date.parse("2026-03-01T09:00:00Z");

test.for([
  ["30m", "2026-03-01T09:30:00.000Z"],
  ["+2h", "2026-03-01T11:00:00.000Z"],
  ["1w", "2026-03-08T09:00:00.000Z"],
  ["2026-04-01", "2026-04-01T00:00:00.000Z"],
  ["2026-04-01T10:00:00+02:00", "2026-04-01T08:00:00.000Z"],
] as const)("%s is %s", ([text, expected]) => {
  expect(parseWhen(text, nowMs).toISOString()).toBe(expected);
});

test.for([
  ["30m", "2026-03-01T08:30:00.000Z"],
  ["1w", "2026-02-22T09:00:00.000Z"],
  ["2026-01-01", "2026-01-01T00:00:00.000Z"],
  ["2026-01-01T10:00:00Z", "2026-01-01T10:00:00.000Z"],
] as const)("since %s is since %s", ([text, expected]) => {
  expect(parseSince(text, nowMs).toISOString()).toBe(expected);
});

test.for(["soon", "", "5", "3y", "2026-13-01"])("%j is refused", (text) => {
  expect(() => parseWhen(text, nowMs)).toThrow("is no time");
});
