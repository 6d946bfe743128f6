import type { Head } from "#services/ledger/chain.ts";
import type { World } from "#services/ledger/world.ts";
import type { Observation } from "./observation.ts";

/** One replica at the end of the run. */
export type Final = {
  /** A machine, or `town`. */
  readonly of: string;
  /** The events that are folded there: by their hashes, or by the newest of each writer. */
  readonly hashes?: ReadonlySet<string> | undefined;
  readonly heads?: ReadonlyMap<string, Head> | undefined;
  readonly world: World;
  /** The materialised state as text or digest, where somebody made it. */
  readonly state?: string | undefined;
};

/** The code remote of one rig, as its commits stand at the end; nothing is collected in a run. */
export type Code = {
  readonly target: string;
  readonly gates: readonly string[];
  /** Where the target was when the run began. */
  readonly start: string;
  /** Whether `tip` has `commit` in its history. */
  readonly contains: (tip: string, commit: string) => boolean;
};

/** What times and limits the town under test was run with. */
export type Limits = {
  readonly graceMs: number;
  readonly lostAfterMs: number;
  readonly beatMs: number;
  readonly brakeShare: number;
  readonly brakeMaxFactor: number;
  readonly checkpointMs: number;
  /** By how much what one process does may be seen later by another: delays of links and rounds. */
  readonly slackMs: number;
};

/** The limits of a town that is run with its defaults. */
export const defaultLimits: Limits = {
  graceMs: 30_000,
  lostAfterMs: 60_000,
  beatMs: 5_000,
  brakeShare: 0.5,
  brakeMaxFactor: 10,
  checkpointMs: 60_000,
  slackMs: 1_000,
};

/** How the run ended. */
export type Ending = {
  readonly atMs: number;
  /** Whether all faults were stopped, and the town was given time to reach quiet. */
  readonly waited: boolean;
  /** What the one who waited still saw going on; empty: quiet was reached. */
  readonly unfinished: readonly string[];
  /** Machines that are gone for good: nothing is asked of them any more. */
  readonly gone: readonly string[];
};

/** All that was seen of one run, in the order in which it happened. */
export type RunRecord = {
  readonly limits: Limits;
  readonly observations: readonly Observation[];
  /** By rig. */
  readonly code: Readonly<Record<string, Code>>;
  readonly finals: readonly Final[];
  readonly ending: Ending;
};
