import type { Stage } from "./stage.ts";

/** What a host must offer for a scenario. */
export type Need = "netns" | "tmpfs";

/** One story of faults on a real town. */
export type Scenario = {
  /** kebab-case; its file's name too. */
  readonly name: string;
  /** The faults it shows, by their numbers in the table of faults. */
  readonly faults: readonly number[];
  /** Whether it belongs to the third that is quick enough for every change. */
  readonly isFast: boolean;
  readonly needs?: Need;
  readonly timeoutMs?: number;
  /** Do the faults, heal them. Waiting for quiet and judging come after it. */
  readonly run: (stage: Stage) => Promise<void>;
};
