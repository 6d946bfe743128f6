import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { ago, elapsed } from "./elapsed.ts";

test.for([
  [-5, "0s"],
  [59_999, "59s"],
  [64_000, "1m 04s"],
  [3_600_000, "1h 00m"],
  [93_784_000, "1d 2h"],
] as const)("%i ms are %s", ([lengthMs, expected]) => {
  expect(elapsed(lengthMs)).toBe(expected);
});

test("how long ago, and how far ahead", () => {
  const time = timestampFromMs(1_000_000);
  expect(ago(time, 1_000_400)).toBe("just now");
  expect(ago(time, 1_190_000)).toBe("3m ago");
  expect(ago(time, 1_000_000 - 7_200_000)).toBe("in 2h");
  expect(ago(undefined, 0)).toBe("-");
});
