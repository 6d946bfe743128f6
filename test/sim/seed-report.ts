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
  /** How often each fault was met: those of the town, and those of the work. */
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

/** So many lines of a story are told at most: its beginning, and how it came to its end. */
const storyLinesMax = 60;

/** Run one seed and say what came of it. */
export async function reportSeed(job: SeedJob): Promise<SeedReport> {
  const result = await runSeed(job);
  const injected = { ...result.injected, ...result.worked };
  const { seed, faults, looked, violations, elapsedMs, events, landed, digest } = result;
  const concerned = violations[0]?.concerns;
  const all = concerned === undefined ? [] : timeline(result.record, concerned);
  const story = shortened(all);
  return { seed, faults, injected, looked, violations, elapsedMs, events, landed, digest, story };
}

function shortened(lines: readonly string[]): readonly string[] {
  if (lines.length <= storyLinesMax) return lines;
  const half = storyLinesMax / 2;
  const left = `... ${lines.length - storyLinesMax} lines ...`;
  return [...lines.slice(0, half), left, ...lines.slice(-half)];
}
