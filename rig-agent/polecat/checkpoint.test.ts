import { expect, test } from "vitest";
import { checkpointDue, type Saved } from "./checkpoint.ts";

test.for<[string, Saved | undefined, number, boolean, Saved]>([
  ["first seen", undefined, 5, false, { pushed: undefined, unsavedSinceMs: 5 }],
  [
    "changed a moment ago",
    { pushed: "old", unsavedSinceMs: undefined },
    7,
    false,
    { pushed: "old", unsavedSinceMs: 7 },
  ],
  [
    "changed a minute ago, and again since",
    { pushed: "old", unsavedSinceMs: 7 },
    60_007,
    true,
    { pushed: "old", unsavedSinceMs: 7 },
  ],
  [
    "changed back",
    { pushed: "now", unsavedSinceMs: 7 },
    60_007,
    false,
    { pushed: "now", unsavedSinceMs: undefined },
  ],
])("%s", ([, saved, nowMs, due, expected]) => {
  expect(checkpointDue(saved, "now", nowMs)).toEqual({ due, saved: expected });
});
