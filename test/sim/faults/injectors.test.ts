import { expect, test } from "vitest";
import { runSeed } from "../run-seed.ts";
import type { Planned } from "./fault.ts";
import { stateFaults } from "./state.ts";

const size = { machines: 3, rigs: 1, beads: 8 };

type Row = readonly [name: string, target: string, detail: number];

/** What each is tried with, alone: `detail` chooses which of its ways it takes. */
const rows: readonly Row[] = [
  ["restored-disk", "vm-a", 1],
  ["failed-sync", "vm-a", 0],
  ["failed-sync", "vm-b", 1],
  ["full-disk", "vm-b", 5],
  ["same-bead-edited", "town", 3],
  ["cycle-closed", "town", 2],
  ["one-id-twice", "riga", 4],
  ["retry-at-another-endpoint", "riga", 0],
  ["retry-at-another-endpoint", "riga", 120],
  ["foreign-claim", "town", 1],
  ["late-done", "vm-a", 0],
  ["restart-after-close", "vm-a", 0],
  ["restart-after-close", "vm-b", 1],
  ["drain-in-a-partition", "vm-a", 0],
  ["drain-in-a-partition", "vm-a", 1],
  ["older-version", "vm-b", 0],
  ["kill-town-before-publish", "town", 1],
  ["kill-town-in-mid-merge", "town", 1],
  ["kill-town-in-mid-merge", "town", 2],
  ["trespass", "vm-a", 1],
  ["wipe-bus", "town", 0],
  ["wipe-bus", "town", 7],
  ["clock-skew", "vm-a", 240_000],
  ["second-town", "town", 0],
  ["clone-machine", "vm-a", 0],
  ["most-of-the-fleet-gone", "town", 1],
  ["moved-authority", "riga", 1],
];

function fault([name, target, detail]: Row): Planned {
  return { name, target, detail, atMs: 20_000, forMs: 40_000 };
}

test.each(rows)("%s of %s (%i) is stood up to", { timeout: 60_000 }, async (...row) => {
  const { injected, violations } = await runSeed({ seed: 1, size, faults: [fault(row)] });

  expect(injected).toEqual({ [row[0]]: 1 });
  expect(violations).toEqual([]);
});

test("each fault of the state of a town is tried", () => {
  const tried = new Set(rows.map(([name]) => name));

  expect(stateFaults.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([]);
});

test("what cannot be injected does not count", { timeout: 60_000 }, async () => {
  const gone = { name: "kill-machine", target: "vm-a", detail: 0, atMs: 1_000, forMs: 100_000 };
  const late = ["restored-disk", "failed-sync", "full-disk", "late-done", "older-version"];
  const faults = [gone, ...late.map((name) => fault([name, "vm-a", 0]))];
  const { injected } = await runSeed({ seed: 1, size, faults });

  expect(injected).toEqual({ "kill-machine": 1 });
});
