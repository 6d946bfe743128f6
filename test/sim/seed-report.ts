import type { RunRecord } from "../invariants/record.ts";
import { timeline } from "../invariants/timeline.ts";
import type { Violation } from "../invariants/violation.ts";
import type { Planned } from "./faults/fault.ts";
import type { Protection } from "./protections.ts";
import { type RunOptions, runSeed } from "./run-seed.ts";

/** One seed to be run, on whatever thread. */
export type SeedJob = Pick<RunOptions, "seed" | "size" | "faults"> & {
  readonly without?: Protection | undefined;
};

/** What is told of one run: plain data, since it crosses threads. */
export type SeedReport = {
  readonly seed: number | string;
  readonly faults: readonly Planned[];
  readonly injected: Readonly<Record<string, number>>;
  readonly looked: Readonly<Record<number, number>>;
  readonly violations: readonly Violation[];
  /** How long the run was, in simulated time. */
  readonly elapsedMs: number;
  readonly events: number;
  readonly landed: number;
  /** Of the whole history. */
  readonly digest: string;
  /** The story of the bead that the first violation is about. */
  readonly story: readonly string[];
};

const storyLinesMax = 200;

/** Run one seed and say what came of it. */
export async function reportSeed(job: SeedJob): Promise<SeedReport> {
  const result: Awaited<ReturnType<typeof runSeed>> & { readonly record?: RunRecord } =
    await runSeed(job);
  const { seed, faults, injected, looked, violations, elapsedMs, events, landed, digest } = result;
  const concerned = violations[0]?.concerns;
  const isTold = concerned !== undefined && result.record !== undefined;
  const story = isTold ? timeline(result.record, concerned).slice(0, storyLinesMax) : [];
  return { seed, faults, injected, looked, violations, elapsedMs, events, landed, digest, story };
}
