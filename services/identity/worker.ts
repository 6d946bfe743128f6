/** A polecat at work, as the machine that started it knows it by its session's token. */
export type Worker = {
  /** Its resource name: `rigs/alpha/polecats/nux`. */
  readonly agent: string;
  readonly rig: string;
  /** The uid of the bead it works on. */
  readonly beadUid: string;
  /** Its attempt, with the respawn number: `4.2.0`. */
  readonly epoch: string;
  readonly machine: string;
  readonly worktree: string;
  readonly branch: string;
};
