import { expect, test } from "vitest";
import { makeRun } from "./made-run.ts";
import { timeline } from "./timeline.ts";

test("the story of a bead is told in aligned lines, with the faults in it", async () => {
  const run = await makeRun();
  const fault = { kind: "fault", atMs: 102_000, numbers: [17], what: "vm-a cut off" } as const;
  const lines = timeline({ ...run, observations: [...run.observations, fault] }, "a1");
  const columns = lines.map((line) => line.indexOf(line.trimStart().split(/ {2,}/)[2] ?? ""));
  expect(new Set(columns).size).toBe(1);
  const told = lines.map((line) => line.trim().split(/ {2,}/));
  expect(told.map(([time, place]) => [time, place]).slice(0, 3)).toEqual([
    ["100.000 s", "town"],
    ["101.000 s", "vm-a"],
    ["101.000 s", "vm-a"],
  ]);
  const story = told.map(([, , , what]) => what?.split(" ").slice(0, 3).join(" "));
  expect(story).toEqual([
    "create al-a1 title=a1",
    "places it on",
    "claim 1.1 al-a1",
    "started 1.1.0",
    "step 1.1.0 of",
    "vm-a cut off",
    "submit 1.1.0 of",
    "1.1.0 landed in",
    "close al-a1 status=closed",
    "set al-a1 notes=seen",
    "worktree of 1.1.0",
    "stuck 1.1.0",
    "ended 1.1.0",
  ]);
});

test("a moment is told as its time of day", async () => {
  const run = await makeRun();
  const atMs = Date.UTC(2026, 0, 1, 0, 2, 39, 572);
  const seen = { kind: "worker", what: "stuck", machine: "vm-a", rig: "al", agent: "nux" } as const;
  const late = { ...seen, atMs, bead: "a1", epoch: "1.1.0" };
  const lines = timeline({ ...run, observations: [...run.observations, late] }, "a1");
  expect(lines.at(-1)).toMatch(/^00:02:39\.572 {2}vm-a +nux +stuck 1\.1\.0$/);
  expect(new Set(lines.map((line) => line.length > 200))).toEqual(new Set([false]));
});

test("a bead that nobody ever saw has no story", async () => {
  expect(timeline(await makeRun(), "unknown")).toEqual([]);
});
