/** Who shows that a fault is stood up to. */
export type Shower =
  | "simulator"
  | "chaos"
  | "both"
  /** A real file system or git is needed; tests beside the code that meets them do it. */
  | "kernel"
  /** What it troubles is not there yet. */
  | "later";

/** One fault that a town must survive. */
export type ListedFault = {
  readonly number: number;
  readonly name: string;
  readonly by: Shower;
  /** For those that neither the simulator nor chaos shows: the tests that do, or why none can. */
  readonly where: readonly string[];
};

type Row = readonly [number, Shower, string, ...where: string[]];

const rows: readonly Row[] = [
  [1, "both", "rig-agent killed before it accepted a claim"],
  [2, "both", "rig-agent killed after it accepted a claim, before it said so"],
  [3, "both", "rig-agent killed mid-work"],
  [4, "both", "rig-agent killed after the push, before the report"],
  [5, "simulator", "rig-agent killed mid-salvage"],
  [6, "both", "town killed between append and publish"],
  [7, "both", "town killed mid-merge of the ledger"],
  [8, "both", "town killed while moving an authority"],
  [9, "simulator", "two towns at once"],
  [10, "both", "SIGSTOP past every timeout, then SIGCONT"],
  [11, "both", "an event loop blocked for 60 s"],
  [12, "both", "a reboot with worktrees and sockets left behind"],
  [13, "both", "two machines with one identity"],
  [14, "both", "the Refinery killed between push and close"],
  [15, "later", "the Refinery killed mid-bisection", "comes with batches in the merge queue"],
  [16, "simulator", "the Refinery killed mid-gate"],
  [17, "both", "symmetric partition"],
  [18, "both", "one-way partition"],
  [19, "both", "flapping links"],
  [20, "both", "a partition longer than the takeover time, then healed"],
  [21, "both", "NATS restarted"],
  [22, "both", "its store wiped or rolled back"],
  [23, "both", "duplicates after the dedupe window"],
  [24, "both", "reordering"],
  [25, "both", "a slow consumer"],
  [26, "simulator", "a reconnect storm (of 1,000: `npm run bench -- fleet`)"],
  [27, "simulator", "clocks 5 minutes apart"],
  [28, "both", "remote away for an hour"],
  [29, "both", "push accepted but the answer lost"],
  [30, "both", "a remote rewound by force"],
  [31, "simulator", "the same bead edited on three machines at once"],
  [
    ...([32, "kernel", "a torn line, conflict markers, `index.lock` left behind"] as const),
    ...["services/gt/ledger/damage.test.ts", "services/ledger/beads-jsonl.test.ts"],
    "services/git/worktree.test.ts",
  ],
  [33, "both", "disk full in the middle of a commit"],
  [34, "both", "a human pushes to `main` during validation"],
  [35, "simulator", "a flaky test"],
  [36, "simulator", "two changes that fail only together"],
  [37, "simulator", "a bead that kills every worker (poison)"],
  [38, "simulator", "a worker that never commits"],
  [39, "simulator", "a worker that floods its output"],
  [40, "simulator", "a worker that tries another's subject, ref, socket or `../`"],
  [41, "both", "a late DONE from a former incarnation with the same name"],
  [42, "simulator", "a restart after the bead was closed"],
  [43, "both", "drain during a partition"],
  [44, "simulator", "upgrade of machines one version apart under load"],
  [45, "later", "an expired or revoked certificate with work in flight", "comes with security"],
  [46, "both", "a remote restored from an older backup"],
  [47, "both", "the remote itself killed in the middle of a push, locks left behind"],
  [48, "both", "the authority ref deleted"],
  [49, "both", "a machine's disk restored from a snapshot"],
  [50, "both", "a clone of it running beside it"],
  [51, "both", "fsync fails"],
  [52, "both", "authority and town gone together"],
  [53, "both", "most of the fleet gone for good"],
  [54, "simulator", "two machines close a dependency cycle at once"],
  [55, "simulator", "two creations choose one id"],
  [56, "simulator", "a retry at another endpoint"],
  [57, "simulator", "an edit through `bd` claims a bead that is being worked"],
  [58, "both", "the authority moves while a landing is being tested"],
];

/** Every fault of the design, by number. */
export const listedFaults: readonly ListedFault[] = rows.map(([number, by, name, ...where]) => {
  return { number, name, by, where };
});
