import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { type Protection, protections } from "./protections.ts";

const mainPath = fileURLToPath(new URL("./main.ts", import.meta.url));

type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };

function sim(...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [mainPath, ...args], (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

type Row = readonly [Protection, { readonly breaks: readonly number[]; readonly seed: number }];

/** What breaks without each, and a seed from which on it is soon seen. */
const rows: readonly Row[] = [
  ["fencing", { breaks: [2, 3, 5, 7], seed: 28 }],
  ["epoch-check", { breaks: [2, 3, 10], seed: 5 }],
  ["durable-append", { breaks: [1], seed: 16 }],
  ["salvage", { breaks: [8], seed: 2 }],
  ["dedupe", { breaks: [4], seed: 4 }],
  ["gap-repair", { breaks: [1, 9, 20], seed: 1 }],
  ["storm-brake", { breaks: [19], seed: 5 }],
  ["grace", { breaks: [19], seed: 1 }],
  ["close-after-land", { breaks: [5], seed: 1 }],
  ["single-landing", { breaks: [3], seed: 3 }],
];

test.each(rows)("without %s it is noticed", { timeout: 120_000 }, async (name, expected) => {
  const size = ["--machines", "4", "--rigs", "2", "--beads", "12"];
  const from = ["--seed", String(expected.seed), "--seeds", "200", "--jobs", "1"];
  const { code, stdout } = await sim(...from, ...size, "--without", name, "--json");

  const lines = stdout.trim().split("\n");
  const { failed } = JSON.parse(lines[0] ?? "") as { failed: Failed };
  const broken = new Set(failed.violations.map(({ invariant }) => invariant));
  expect([...broken].filter((each) => expected.breaks.includes(each))).not.toEqual([]);
  expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ ok: false, failed: [failed.seed] });
  expect(code).toBe(1);
});

type Failed = { readonly seed: number; readonly violations: readonly { invariant: number }[] };

test("every protection is taken away once", () => {
  expect(rows.map(([name]) => name)).toEqual(protections);
});

test("the protections are listed by name, and one that there is none of is refused", async () => {
  const listed = await sim("--without", "list");
  expect(listed).toMatchObject({ code: 0, stdout: `${protections.join("\n")}\n` });
  const refused = await sim("--without", "luck");
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  expect(refused.stderr).toContain('there is no protection "luck"');
});
