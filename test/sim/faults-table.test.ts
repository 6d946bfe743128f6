import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../../deploy/setup/set-up.mjs";
import { listedFaults } from "./faults-list.ts";
import { gaps, renderFaults } from "./faults-table.ts";
import { faultsPage, readStandings } from "./read-standings.ts";

const listed = [
  { number: 1, name: "one", by: "both", where: [] },
  { number: 2, name: "two", by: "simulator", where: [] },
  { number: 3, name: "three", by: "later", where: ["comes with security"] },
] as const;
const whole = {
  simulator: [
    { name: "cut", faults: [1] },
    { name: "kill", faults: [1, 2] },
  ],
  chaos: [{ name: "story", faults: [1] }],
};

test("the list has all 58 faults, each once", () => {
  expect(listedFaults.map(({ number }) => number)).toEqual(
    Array.from({ length: 58 }, (_, index) => index + 1),
  );
});

test("a fault that nobody shows is a gap, and so is a number that no fault has", () => {
  expect(gaps(whole, listed)).toEqual([]);
  expect(gaps({ ...whole, simulator: [] }, listed)).toEqual([
    "fault 1 (one) has no injector in the simulator",
    "fault 2 (two) has no injector in the simulator",
  ]);
  expect(gaps({ ...whole, chaos: [] }, listed)).toEqual(["fault 1 (one) has no scenario in chaos"]);
  expect(gaps({ ...whole, chaos: [{ name: "story", faults: [1, 59] }] }, listed)).toEqual([
    "story: there is no fault 59",
  ]);
  const silent = [{ number: 1, name: "one", by: "later", where: [] }] as const;
  expect(gaps({ simulator: [], chaos: [] }, silent)).toEqual([
    "fault 1 (one) does not say where it is shown, or why not",
  ]);
});

test("the table names for each fault what stands for it", () => {
  const rows = renderFaults(whole, listed).split("\n").slice(-4, -1);
  expect(rows).toEqual([
    "| 1 | one | `cut`, `kill` | `story` |  |",
    "| 2 | two | `kill` |  |  |",
    "| 3 | three |  |  | comes with security |",
  ]);
});

test("tests that are named in the place of simulator and chaos are there", () => {
  const named = listedFaults.filter(({ by }) => by === "kernel").flatMap(({ where }) => where);
  expect(named.filter((path) => !existsSync(join(projectRoot, path)))).toEqual([]);
});

test("every fault is shown by what the list says", async () => {
  expect(gaps(await readStandings())).toEqual([]);
});

test("docs/faults.md is what the lists generate; `npm run generate` writes it", async () => {
  expect(readFileSync(faultsPage, "utf8")).toBe(renderFaults(await readStandings()));
});
