import { expect, test } from "vitest";
import { openTwinWatch } from "./twins.ts";

function hear(beats: string, everyMs = 5_000) {
  const watch = openTwinWatch();
  let nowMs = 0;
  for (const incarnation of beats) {
    nowMs += everyMs;
    watch.heard({ machine: "vm-a", incarnation }, nowMs);
  }
  return { watch, nowMs };
}

test("two that take turns are twins, until one of them is silent", () => {
  const { watch, nowMs } = hear("abababb");
  expect(watch.all(nowMs)).toEqual([{ machine: "vm-a", incarnations: ["a", "b"] }]);
  expect(watch.all(nowMs + 60_000)).toEqual([]);
});

test.for(["aaaa", "aaabbb", "aababbb", "abcdefg", "aabbccd"])(
  "starts one after another are none, nor is a late beat: %s",
  (beats) => {
    const { watch, nowMs } = hear(beats);
    expect(watch.all(nowMs)).toEqual([]);
  },
);

test("turns that lie far apart are of one that is started again and again", () => {
  const { watch, nowMs } = hear("abababab", 61_000);
  expect(watch.all(nowMs)).toEqual([]);
});
