import { expect, test } from "vitest";
import { readOptions } from "./options.ts";
import { protections } from "./protections.ts";

const size = { machines: 5, rigs: 3, beads: 60 };
const usual = { seeds: 200, seed: 1, size, json: false, without: undefined, jobs: 2 };

test.for([
  { args: [], expected: {} },
  { args: ["--seed", "7"], expected: { seed: 7, seeds: 1 } },
  { args: ["--seed=7", "--seeds", "3"], expected: { seed: 7, seeds: 3 } },
  { args: ["--json", "--jobs", "1"], expected: { json: true, jobs: 1 } },
  { args: ["--without", "grace"], expected: { without: "grace" } },
  {
    args: ["--machines", "1", "--rigs", "2", "--beads", "3"],
    expected: { size: { machines: 1, rigs: 2, beads: 3 } },
  },
])("$args asks for $expected", ({ args, expected }) => {
  expect(readOptions(args, 2)).toEqual({ do: "run", options: { ...usual, ...expected } });
});

test.for([
  { args: ["--seeds", "0"], words: "--seeds is a whole number" },
  { args: ["--beads", "many"], words: "--beads is a whole number" },
  { args: ["--without", "luck"], words: 'no protection "luck"' },
  { args: ["--fast"], words: "--fast" },
  { args: ["seed"], words: "seed" },
])("$args is refused", ({ args, words }) => {
  const asked = readOptions(args, 2);
  expect(asked.do === "refuse" && asked.why).toContain(words);
});

test("the protections can be listed, each in kebab-case", () => {
  expect(readOptions(["--without", "list"], 2)).toEqual({ do: "list" });
  expect(protections).toHaveLength(10);
  for (const name of protections) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
});
