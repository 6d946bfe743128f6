import type { LedgerEvent } from "#services/ledger/event.ts";

/** What was seen at one moment, by whoever saw it; times are those of the one who watches all. */
export type Observation =
  | Appended
  | Folded
  | Answered
  | Placed
  | Worker
  | Effect
  | Destroyed
  | RefMoved
  | Gate
  | Landed
  | Silence
  | Confirmed
  | Process
  | Disk
  | Wiped
  | Watched
  | Access
  | Capacity
  | Fault;

type Seen<Kind extends string> = {
  readonly kind: Kind;
  /** On the observer's clock, not that of the process concerned. */
  readonly atMs: number;
};

/** Events were acknowledged to the one who wrote them: durable from now on. */
export type Appended = Seen<"appended"> & {
  /** The machine, or `town`, whose process wrote them. */
  readonly by: string;
  readonly events: readonly LedgerEvent[];
};

/** How a bead that was closed, or had been, looked to a replica after an event of that bead. */
export type Folded = Seen<"folded"> & {
  readonly by: string;
  readonly bead: string;
  /** That replica's machine holds the authority of the bead's rig, as far as it knows. */
  readonly isHolder: boolean;
  readonly isEnded: boolean;
  /** What the event did: `close`, `reopen`, `claim`, … */
  readonly op: string;
};

/** A change that somebody asked an endpoint for and that was made, as it was told to them. */
export type Answered = Seen<"answered"> & {
  readonly at: string;
  readonly principal: string;
  /** `requestKey(principal, requestId)`. */
  readonly request: string;
  /** The answer as text: the same request has the same, wherever and whenever it is asked. */
  readonly result: string;
};

/** A claim was about to be written, and how things looked to the authority in that moment. */
export type Placed = Seen<"placed"> & {
  /** The machine that holds the authority. */
  readonly by: string;
  readonly bead: string;
  readonly epoch: string;
  readonly rig: string;
  /** Where the bead shall be worked. */
  readonly on: string;
  readonly seen: {
    readonly state: "ready" | "cordoned" | "draining" | "lost" | "unknown";
    readonly serves: boolean;
    /** The machine that it is pinned to; empty: any. */
    readonly pinned: string;
    /** What holds the bead back, a sentence each. */
    readonly blocked: readonly string[];
  };
};

/** One process that works on a bead began, ended, or will never go on by itself. */
export type Worker = Seen<"worker"> & {
  readonly what: "started" | "ended" | "stuck";
  readonly machine: string;
  /** Where it runs, if several hosts call themselves by that name; the machine's own if absent. */
  readonly host?: string | undefined;
  readonly rig: string;
  /** The polecat's resource name. */
  readonly agent: string;
  readonly bead: string;
  /** With the respawn: `4.2.0`. */
  readonly epoch: string;
};

/**
 * A worker did something, told by whoever plays the worker: `epoch` is the one that its session was
 * given, whatever was written in the end.
 */
export type Effect = Seen<"effect"> & {
  readonly what: "step" | "submit" | "exit" | "shutdown";
  readonly machine: string;
  readonly agent: string;
  readonly bead: string;
  readonly epoch: string;
  /** What it closed or made: the uid of the step, or of the merge request. */
  readonly of: string;
  readonly accepted: boolean;
};

/** Something that may hold work was taken away by us; `held` is looked up at that moment. */
export type Destroyed = Seen<"destroyed"> & {
  readonly what: "worktree" | "branch" | "salvage" | "checkpoint" | "session";
  readonly machine: string;
  readonly bead: string;
  readonly epoch: string;
  /** Commits beyond the target, and a name for each uncommitted content, that were in it. */
  readonly work: readonly string[];
  /** Those of them that a remote has: on a branch, a checkpoint, a salvage ref, the target. */
  readonly held: readonly string[];
  /** Its work had landed, or a person had released it. */
  readonly isFree: boolean;
};

/** A ref of a remote moved, or was tried to. */
export type RefMoved = Seen<"ref"> & {
  /** `ledger`, or the rig whose code it is. */
  readonly remote: string;
  readonly ref: string;
  /** Empty: it was not there. */
  readonly from: string;
  /** Empty: it is there no more. */
  readonly to: string;
  /** The machine or `town`; for others who they are. */
  readonly by: string;
  readonly how: "ours" | "human" | "backup" | "torn";
  /** `to` has `from` in its history. */
  readonly isForward: boolean;
};

/** One run of one gate on one tree, by a Refinery. */
export type Gate = Seen<"gate"> & {
  readonly rig: string;
  readonly gate: string;
  readonly tree: string;
  readonly passed: boolean;
};

/** A candidate of ours became part of a target; one for each commit that a push brought. */
export type Landed = Seen<"landed"> & {
  readonly rig: string;
  readonly target: string;
  readonly commit: string;
  readonly tree: string;
  /** The merge request's uid, and the bead's uid or id, as the commit's own trailers say. */
  readonly request: string;
  readonly bead: string;
  readonly epoch: string;
  readonly by: string;
  /** The term that its record in the chain bears; undefined where there is none. */
  readonly term?: number | undefined;
  /** Whether the gates hold for this tree in truth, flakes aside; undefined: nobody looked. */
  readonly holds?: boolean | undefined;
};

/**
 * Of one machine no sign could reach the town any more, or one could again: it is dead, stopped,
 * blocked, or cut off from the bus. Not for a bus that is down for all: that is nobody's silence.
 */
export type Silence = Seen<"silence"> & {
  readonly machine: string;
  readonly isSilent: boolean;
  /** `killed`, `stopped`, `blocked`, `cut off`, … */
  readonly why: string;
};

/** The overseer said that machines are lost for good. */
export type Confirmed = Seen<"confirmed"> & { readonly machines: readonly string[] };

/** A process of ours began or ended; `town` or a machine. */
export type Process = Seen<"process"> & { readonly of: string; readonly isUp: boolean };

/** A disk is gone for good, or back to an older state: the only way to lose what is durable. */
export type Disk = Seen<"disk"> & {
  readonly machine: string;
  readonly what: "gone" | "rewound";
  /** Hashes of that machine's events that others or the remote held then. */
  readonly held: ReadonlySet<string>;
  /** How old what was not pushed of its worktrees was; `wasAway`: pushing was in vain. */
  readonly unsaved: readonly {
    readonly bead: string;
    readonly ageMs: number;
    readonly wasAway: boolean;
  }[];
};

/** A cache, an index, or JetStream was emptied, to come back by itself. */
export type Wiped = Seen<"wiped"> & {
  readonly what: "jetstream" | "store" | "clone" | "view";
  /** Whose; empty: everybody's. */
  readonly of: string;
};

/** A watch was given something. Positions are those of the endpoint's own log. */
export type Watched = Seen<"watched"> & {
  readonly watch: string;
  /**
   * It began after `position`; was given the event at it; had none to be given there (its bead was
   * not known yet, or is another's); was told that it cannot go on; or ended.
   */
  readonly what: "from" | "event" | "skip" | "gap" | "end";
  /** For `end`: the last position that the endpoint had to tell by then. */
  readonly position: number;
};

/** Somebody tried to reach what is another's. */
export type Access = Seen<"access"> & {
  readonly by: string;
  /** A subject, ref, socket, path or bead. */
  readonly to: string;
  readonly mayReach: boolean;
  readonly reached: boolean;
};

/** How many polecats a machine or rig may have from now on; 0 for a rig: as many as fit. */
export type Capacity = Seen<"capacity"> & {
  readonly of: "machine" | "rig";
  readonly name: string;
  readonly polecatsMax: number;
};

/** A fault was injected; faults.md's numbers. */
export type Fault = Seen<"fault"> & {
  readonly numbers: readonly number[];
  readonly what: string;
  /** When it was over; undefined: at once. */
  readonly untilMs?: number | undefined;
};
