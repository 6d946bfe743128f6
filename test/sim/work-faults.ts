import type { Change, Manner } from "./work.ts";

type WorkFault = {
  readonly name: Manner | Change["kind"];
  /** The numbers of faults.md that it stands for. */
  readonly faults: readonly number[];
};

/** Faults that come with the work itself: each run has beads of each kind. */
export const workFaults: readonly WorkFault[] = [
  { name: "flaky", faults: [35] },
  { name: "pair", faults: [36] },
  { name: "poison", faults: [37] },
  { name: "uncommitted", faults: [38] },
  { name: "flood", faults: [39] },
];
