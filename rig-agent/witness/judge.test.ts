import { expect, test } from "vitest";
import { judge, type Patient, patrolLimits } from "./judge.ts";

const working: Patient = {
  session: "nux-al-1-4-2-0",
  phase: "working",
  alive: true,
  evidenceMs: 0,
  nudges: 0,
  nudgedMs: 0,
  restarts: 0,
};
const minute = 60_000;

test.for<[string, Partial<Patient>, number, string]>([
  ["in its boot grace", { phase: "boot" }, 89_999, "nothing"],
  ["past it", { phase: "boot" }, 90_000, "nudge"],
  ["at work", {}, 10 * minute - 1, "nothing"],
  ["silent", {}, 10 * minute, "nudge"],
  ["nudged a moment ago", { nudges: 1, nudgedMs: 10 * minute }, 11 * minute, "nothing"],
  ["nudged for nothing", { nudges: 1, nudgedMs: 10 * minute }, 20 * minute, "nudge"],
  ["nudged thrice", { nudges: 3, nudgedMs: 30 * minute }, 40 * minute, "restart"],
  ["restarted thrice", { nudges: 3, nudgedMs: 0, restarts: 3 }, 40 * minute, "escalate"],
  ["awake again", { evidenceMs: 39 * minute, nudges: 0 }, 40 * minute, "nothing"],
  ["on its way out", { phase: "done" }, 99 * minute, "nothing"],
  ["dead: the supervisor's", { alive: false }, 99 * minute, "nothing"],
  ["unknown is not dead", { alive: undefined }, 99 * minute, "nothing"],
])("%s", ([, change, nowMs, expected]) => {
  expect(judge({ ...working, ...change }, patrolLimits, nowMs).do).toBe(expected);
});

test("the reason says what was tried", () => {
  expect(judge({ ...working, nudges: 3, restarts: 3 }, patrolLimits, 40 * minute)).toEqual({
    do: "escalate",
    session: "nux-al-1-4-2-0",
    why: "no sign of progress for 2400 s, 3 nudges, 3 restarts",
  });
});
