/** What repeats of one measurement gave: the middle one, and the quarter marks around it. */
export type Spread = { readonly median: number; readonly low: number; readonly high: number };

/** The value below which this share of the samples lies. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
  return sorted[at] ?? Number.NaN;
}

/** The median of the samples, and their quartiles. */
export function spreadOf(samples: readonly number[]): Spread {
  return {
    median: percentile(samples, 0.5),
    low: percentile(samples, 0.25),
    high: percentile(samples, 0.75),
  };
}

/** How long something takes once, ms. */
export async function elapsedMs(run: () => unknown): Promise<number> {
  const startMs = performance.now();
  await run();
  return performance.now() - startMs;
}

/** Two things that are compared, in turns, so that both see the same noise. */
export async function sideBySide(
  sides: { readonly ours: () => unknown; readonly limit: () => unknown },
  rounds: { readonly warmUps: number; readonly repeats: number },
): Promise<{ readonly oursMs: number[]; readonly limitMs: number[] }> {
  const [oursMs, limitMs]: [number[], number[]] = [[], []];
  for (let round = -rounds.warmUps; round < rounds.repeats; round += 1) {
    const [limit, ours] = [await elapsedMs(sides.limit), await elapsedMs(sides.ours)];
    if (round < 0) continue;
    oursMs.push(ours);
    limitMs.push(limit);
  }
  return { oursMs, limitMs };
}
