/** The machines of the demo, each with the rig that it serves. */
export const machines = ["vm-a", "vm-b"] as const;

/** A rig of the demo: its project, and the machine that works on it. */
export const rigs = [
  { name: "alpha", machine: "vm-a" },
  { name: "beta", machine: "vm-b" },
] as const;

/** A polecat that was at work when its machine was killed. */
export type Victim = {
  readonly agent: string;
  /** The uid and the id of its bead. */
  readonly bead: string;
  readonly beadId: string;
  readonly epoch: string;
};

/** A running town with its machines. */
export type Fleet = {
  readonly address: string;
  /**
   * SIGKILL a rig-agent with its polecats, and tell which of them lived until then. Absent where
   * all is one process.
   */
  readonly kill?: (machine: string) => Promise<readonly Victim[]>;
  /** Start a rig-agent again on what it left on its disk. */
  readonly restart?: (machine: string) => Promise<void>;
  /** End what lives in this very process; what town.json names is ended by `stopHome`. */
  readonly stop?: () => Promise<void>;
};

/** What a fleet is started with. */
export type FleetOptions = {
  readonly home: string;
  readonly ledgerRemote: string;
  readonly signal: AbortSignal;
};
