import { type Duration, durationFromMs } from "@bufbuild/protobuf/wkt";

/** How long something took, over several of it. */
export type PercentilesInit = { count: number; p50?: Duration; p90?: Duration; p99?: Duration };

/** The value that `percent` of all do not exceed (nearest rank); undefined of none. */
export function percentile(sorted: readonly number[], percent: number): number | undefined {
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

/** Percentiles of lengths in ms. */
export function percentiles(lengthsMs: readonly number[]): PercentilesInit {
  const sorted = [...lengthsMs].sort((a, b) => a - b);
  const at = (percent: number) => durationFromMs(Math.round(percentile(sorted, percent) ?? 0));
  if (sorted.length === 0) return { count: 0 };
  return { count: sorted.length, p50: at(50), p90: at(90), p99: at(99) };
}
