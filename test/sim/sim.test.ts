import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { invariants } from "../invariants/names.ts";
import { injectors } from "./faults/plan.ts";
import type { Summary } from "./summary.ts";
import { workFaults } from "./work-faults.ts";

const mainPath = fileURLToPath(new URL("./main.ts", import.meta.url));

type Ran = { readonly code: number; readonly stdout: string };

function sim(...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [mainPath, ...args], (_error, stdout) => {
      resolve({ code: child.exitCode ?? -1, stdout });
    });
  });
}

test("a dozen seeds of the default town hold every invariant", { timeout: 180_000 }, async () => {
  const { code, stdout } = await sim("--seed", "1", "--seeds", "12", "--jobs", "2", "--json");

  const summary = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Summary;
  expect(summary).toMatchObject({ ok: true, seeds: 12, failed: [], broken: [], never: [] });
  expect(summary.digest).toMatch(/^[0-9a-f]{64}$/);
  const names = [...injectors, ...workFaults].map(({ name }) => name);
  expect(Object.keys(summary.faults).sort()).toEqual([...new Set(names)].sort());
  expect(Object.keys(summary.invariants).map(Number)).toEqual(invariants);
  for (const { name } of workFaults) expect([name, summary.faults[name]]).not.toEqual([name, 0]);
  expect(code).toBe(0);
});

test("a seed that fails says how, by what, and how it came to it", {
  timeout: 120_000,
}, async () => {
  const size = ["--machines", "3", "--rigs", "1", "--beads", "8"];
  const { code, stdout } = await sim("--seed", "2", ...size, "--without", "salvage");

  expect(code).toBe(1);
  const lines = stdout.split("\n");
  const again = `npm run sim -- --seed 2 ${size.join(" ")} --without salvage`;
  expect(lines[0]).toBe(`seed 2 failed; again: ${again}`);
  expect(lines[1]).toMatch(/^ {2}8 no work is gone before it landed or was released: vm-. removed/);
  expect(stdout).toMatch(/^(it fails without any fault|the shortest list of faults that fails:)$/m);
  const story = lines.slice(lines.indexOf("the bead concerned:") + 1);
  expect(story[0]).toMatch(/^ {2}\d\d:\d\d:\d\d\.\d{3} {2}town +overseer +create riga-/);
  expect(stdout).toMatch(
    /^ {2}\d\d:\d\d:\d\d\.\d{3} .* worktree of \S+ removed, \d+ in it, [1-9]/m,
  );
  expect(stdout).toContain("\nfaults injected:\n");
  expect(stdout).toContain("\ninvariants checked:\n");
  expect(stdout).toContain("\nfailed: 2\n");
});
