// `npm run sim`: many seeds of a simulated town, each troubled by its own faults and judged.

import { injectors } from "./faults/plan.ts";
import { readOptions, type SimOptions, usage } from "./options.ts";
import { inOrder, Pool } from "./pool.ts";
import { protections } from "./protections.ts";
import type { SeedJob, SeedReport } from "./seed-report.ts";
import { shrink } from "./shrink.ts";
import { type FailedSeed, Tally, tellFailed, tellSummary } from "./summary.ts";
import { workFaults } from "./work-faults.ts";

/** So many failed seeds are looked at closely; the others would mostly tell the same. */
const shownMax = 3;
const shrinkTriesMax = { usual: 40, without: 6 };

const asked = readOptions(process.argv.slice(2));
if (asked.do === "list") process.stdout.write(`${protections.join("\n")}\n`);
else if (asked.do === "refuse") {
  process.stderr.write(`${asked.why}\n${usage}\n`);
  process.exitCode = 2;
} else process.exitCode = await run(asked.options);

async function run(options: SimOptions): Promise<number> {
  const { jobs, json, without } = options;
  const pool = new Pool<SeedJob, SeedReport>({
    module: new URL("./seed-thread.ts", import.meta.url),
    jobs,
  });
  const tally = new Tally([...injectors, ...workFaults].map(({ name }) => name));
  const startedMs = performance.now();
  let shown = 0;
  for await (const { job, reply } of inOrder(
    pool,
    seedsOf(options),
    without === undefined ? jobs * 4 : jobs,
  )) {
    if ("failure" in reply) {
      tally.addBroken(job.seed, reply.failure);
      process.stderr.write(`seed ${job.seed} broke down: ${reply.failure}\n`);
      continue;
    }
    tally.add(reply.result);
    if (reply.result.violations.length > 0 && shown < shownMax) {
      shown += 1;
      const failed = { report: reply.result, shortest: await shortest(pool, job, reply.result) };
      if (json) process.stdout.write(`${JSON.stringify({ failed: plain(failed) })}\n`);
      else process.stdout.write(`${tellFailed(failed, againOf(job, options))}\n`);
      if (without !== undefined) break; // It was noticed: that is what was asked.
    }
    if (tally.seeds % 100 === 0) process.stderr.write(`${tally.seeds} of ${options.seeds}\n`);
  }
  await pool.close();
  const summary = tally.summary(performance.now() - startedMs, without === undefined);
  process.stdout.write(`${json ? JSON.stringify(summary) : tellSummary(summary)}\n`);
  return summary.ok ? 0 : 1;
}

function* seedsOf({ seed, seeds, size, without }: SimOptions): Generator<SeedJob> {
  for (let at = 0; at < seeds; at += 1) yield { seed: seed + at, size, without };
}

/** The shortest list of a failed seed's faults that breaks the same invariant. */
async function shortest(pool: Pool<SeedJob, SeedReport>, job: SeedJob, failed: SeedReport) {
  const broken = failed.violations[0]?.invariant;
  const fails = async (faults: SeedReport["faults"]) => {
    const reply = await pool.run({ ...job, faults });
    if ("failure" in reply) return false;
    return reply.result.violations.some(({ invariant }) => invariant === broken);
  };
  const triesMax = job.without === undefined ? shrinkTriesMax.usual : shrinkTriesMax.without;
  return shrink(failed.faults, fails, triesMax);
}

function againOf({ seed }: SeedJob, { size, without }: SimOptions): string {
  const { machines, rigs, beads } = size;
  const off = without === undefined ? "" : ` --without ${without}`;
  const sized = `--machines ${machines} --rigs ${rigs} --beads ${beads}`;
  return `npm run sim -- --seed ${seed} ${sized}${off}`;
}

function plain({ report, shortest: faults }: FailedSeed) {
  const { seed, violations, story } = report;
  return { seed, violations, faults, story };
}
