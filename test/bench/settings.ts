/** How much a benchmark does. */
export type Settings = {
  readonly repeats: number;
  /** Numbers of beads whose costs are compared. */
  readonly sizes: readonly number[];
  /** A scratch folder that is removed afterwards. */
  readonly dir: string;
};

/** At most five minutes. */
export const defaultScale = { repeats: 15, sizes: [1_000, 10_000, 100_000] };
/** With the largest sizes. */
export const fullScale = { repeats: 30, sizes: [1_000, 10_000, 100_000, 1_000_000] };
/** Only to see that a benchmark runs: its figures mean nothing. */
export const tinyScale = { repeats: 1, sizes: [100] };
