import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runProgram } from "../scenarios/gt.ts";
import { readOptions } from "./options.ts";
import { scenarios } from "./scenarios.ts";

const here = fileURLToPath(new URL(".", import.meta.url));

test("every scenario's file is in the list, named as its file, and a third of them is fast", () => {
  const files = readdirSync(new URL("scenarios", import.meta.url));
  expect(scenarios.map(({ name }) => `${name}.ts`).toSorted()).toEqual(files.toSorted());
  expect(scenarios.length).toBeGreaterThanOrEqual(20);
  const fast = scenarios.filter(({ isFast }) => isFast).length;
  expect(fast).toBeGreaterThanOrEqual(Math.floor(scenarios.length / 4));
  expect(fast).toBeLessThanOrEqual(Math.ceil(scenarios.length / 3));
  for (const { faults } of scenarios) expect(faults).not.toEqual([]);
});

test("arguments choose scenarios, and what cannot be is told with what was meant", () => {
  const chosen = (...args: string[]) => {
    const read = readOptions(args, scenarios);
    return "wrong" in read ? read.wrong : read.chosen.map(({ name }) => name);
  };
  expect(chosen()).toHaveLength(scenarios.length);
  expect(chosen("--scenario", "torn-push", "--scenario", "bus-wiped")).toEqual([
    "bus-wiped",
    "torn-push",
  ]);
  expect(chosen("--fast")).toEqual(
    scenarios.filter(({ isFast }) => isFast).map(({ name }) => name),
  );
  expect(chosen("--scenario", "torn-psh")).toMatch(
    /^no scenario "torn-psh"; did you mean torn-push\?/,
  );
  expect(chosen("--frist")).toContain("usage: npm run chaos");
});

test("--list prints one name a line; a bad name ends with 2", { timeout: 100_000 }, async () => {
  const place = { cwd: here, env: {} };
  const list = await runProgram("test/chaos/main.ts", ["--list"], place);
  expect(list.code, list.stderr).toBe(0);
  expect(list.stdout.trim().split("\n")).toEqual(scenarios.map(({ name }) => name));
  const bad = await runProgram("test/chaos/main.ts", ["--scenario", "town-kiled"], place);
  expect(bad).toMatchObject({ code: 2, stdout: "" });
  expect(bad.stderr).toContain("did you mean town-killed?");
});
