/** What a checker found: one invariant broken, once. */
export type Violation = {
  /** As in faults.md, 1 to 20. */
  readonly invariant: number;
  readonly name: string;
  /** The uid of the bead, or the name of the machine, watch or request concerned. */
  readonly concerns: string;
  readonly atMs: number;
  /** One sentence with what was seen, and when. */
  readonly seen: string;
};
