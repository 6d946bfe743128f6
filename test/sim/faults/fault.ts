import type { Random } from "../random.ts";
import type { Sim } from "../sim.ts";

/** One fault of a run, as data: a seed plans it, a report prints it, a shrunk run repeats it. */
export type Planned = {
  readonly name: string;
  /** When it begins, ms after the work was filed. */
  readonly atMs: number;
  /** How long it lasts; what happens at once lasts 0. */
  readonly forMs: number;
  /** Whom it meets: a machine, a rig, a remote; by the fault's own reading. */
  readonly target: string;
  /** A number of the fault's own. */
  readonly detail: number;
};

/** What a fault may be planned with. */
export type Scope = {
  readonly machines: readonly string[];
  readonly rigs: readonly string[];
};

/** A way in which a simulated town is troubled. */
export type Injector = {
  readonly name: string;
  /** The numbers of faults.md that it stands for. */
  readonly faults: readonly number[];
  readonly plan: (random: Random, scope: Scope) => Pick<Planned, "forMs" | "target" | "detail">;
  /**
   * Begin it.
   *
   * @returns how it is ended after its time; undefined where it cannot be injected now, so that it
   *   does not count
   */
  readonly begin: (sim: Sim, planned: Planned, struck: () => void) => (() => void) | undefined;
  /** It lies in wait: it has happened once it says `struck`, and not by beginning. */
  readonly isTrap?: boolean;
};

/** Ends by itself. */
export const over = (): void => {};

/** A fault of a machine that lasts a while. */
export function ofMachine(minMs: number, maxMs: number): Injector["plan"] {
  return (random, { machines }) => ({
    target: random.pick(machines),
    forMs: random.int(minMs, maxMs),
    detail: random.int(0, 1_000_000),
  });
}

/** A fault of a rig's code that lasts a while. */
export function ofRig(minMs: number, maxMs: number): Injector["plan"] {
  return (random, { rigs }) => ({
    target: random.pick(rigs),
    forMs: random.int(minMs, maxMs),
    detail: random.int(0, 1_000_000),
  });
}

/** A fault of the town, or of all, that lasts a while. */
export function ofTown(minMs: number, maxMs: number): Injector["plan"] {
  return (random) => ({
    target: "town",
    forMs: random.int(minMs, maxMs),
    detail: random.int(0, 1_000_000),
  });
}
