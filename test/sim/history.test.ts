import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { everyFault } from "./every-fault.ts";
import { runSeed } from "./run-seed.ts";

const size = { machines: 4, rigs: 2, beads: 12 };
const seeds = [2, 5];
const programPath = fileURLToPath(new URL("./sealed-run.ts", import.meta.url));

async function digestHere(seed: number): Promise<string> {
  return (await runSeed({ seed, size, faults: everyFault(seed, size) })).digest;
}

/** Run seeds in a process of its own, where time and chance are out of reach. */
async function sealed(wanted: readonly number[]) {
  const job = JSON.stringify({ seeds: wanted, size });
  const { stdout } = await promisify(execFile)(process.execPath, [programPath, job]);
  return JSON.parse(stdout) as { readonly digests: string[]; readonly used: string[] };
}

test("a seed has one history, in any process, whatever was run before", async () => {
  const first = [];
  for (const seed of seeds) first.push(await digestHere(seed));
  const again = await digestHere(seeds[0] ?? 0);
  expect(again).toBe(first[0]);
  expect(first[1]).not.toBe(first[0]);
  const { digests, used } = await sealed([...seeds].reverse());
  expect(used).toEqual([]);
  expect(digests.reverse()).toEqual(first);
}, 120_000);

test("a seed plans its own faults, and they are a part of its history", async () => {
  const planned = await runSeed({ seed: 5, size });
  const again = await runSeed({ seed: 5, size });
  const calm = await runSeed({ seed: 5, size, faults: [] });
  expect(planned.faults.length).toBeGreaterThan(0);
  expect(again.digest).toBe(planned.digest);
  expect(calm.digest).not.toBe(planned.digest);
}, 60_000);
