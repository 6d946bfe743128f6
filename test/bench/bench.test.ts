import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { projectRoot } from "../../deploy/setup/set-up.mjs";
import { command } from "../command.ts";

const Metric = z.strictObject({
  bench: z.literal("ledger"),
  metric: z.string().min(1),
  ours: z.number().positive(),
  limit: z.number().positive().optional(),
  ratio: z.number().positive().optional(),
  unit: z.string().min(1),
  target: z.number().positive().optional(),
  better: z.enum(["lower", "higher"]),
});

const main = join(projectRoot, "test", "bench", "bench.ts");

test("a benchmark prints one JSON object per metric", { timeout: 120_000 }, async () => {
  const { ok, output } = await command("node", main, "ledger", "--tiny", "--json");
  expect(ok, output).toBe(true);
  const metrics = output
    .trim()
    .split("\n")
    .map((line) => Metric.parse(JSON.parse(line)));
  expect(metrics.length).toBeGreaterThan(8);
  for (const { limit, ratio } of metrics) expect(limit === undefined).toBe(ratio === undefined);
});

test("an unknown benchmark is refused, and those there are are named", async () => {
  const { ok, output } = await command("node", main, "none");
  expect(ok).toBe(false);
  expect(output).toBe('no benchmark "none": there is ledger, dispatch, fleet, idle\n');
});
