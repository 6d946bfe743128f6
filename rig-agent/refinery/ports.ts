import type { Chain, ChainPlace } from "#services/git/authority-chain.ts";
import type { Candidate } from "#services/git/candidate.ts";
import type { LandOutcome, LandWanted } from "#services/git/land.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import type { Gate } from "#services/ledger/rigs.ts";
import type { GateResult } from "#services/ledger/work-fields.ts";
import type { LaneLimits } from "#services/merge-queue/next.ts";
import type { QueuedRequest } from "#services/merge-queue/queue.ts";
import type { Terms } from "../authority/terms.ts";

/** What the Refinery needs. */
export type RefineryPorts = {
  readonly ledger: Ledger;
  readonly terms: Terms;
  readonly nowMs: () => number;
  readonly code: CodePorts;
  /** Run one gate on exactly one commit; a set-up that fails first answers in its place. */
  readonly test: (run: GateRun, signal: AbortSignal) => Promise<GateResult>;
  /** The rig's gate worktree, `<home>/rigs/<rig>/refinery`. */
  readonly gateDir: (rig: string) => string;
  /** Told of what happens, for the log. */
  readonly tell: (news: RefineryNews) => void;
  readonly limits?: Partial<RefineryLimits>;
};

/** Bounds of the Refinery; each has a default. */
export type RefineryLimits = LaneLimits & {
  /** From a refused push to the next try. */
  readonly refusedRetryMs: number;
  /** From putting a request on hold to the next try. */
  readonly heldRetryMs: number;
};

/** What the Refinery does to a rig's code, as `services/git` does it. */
export type CodePorts = {
  readonly readChain: (place: ChainPlace) => Promise<Chain>;
  /** Fetch branches; returns where each stands, undefined where it is gone. */
  readonly fetchBranches: (
    place: ChainPlace,
    branches: readonly string[],
  ) => Promise<readonly (string | undefined)[]>;
  /** Whether `commit` is in the history of `of`, as far as the last fetch knows. */
  readonly contains: (repoDir: string, commit: string, of: string) => Promise<boolean>;
  readonly build: (repoDir: string, request: QueuedRequest, onto: string) => Promise<Candidate>;
  readonly land: (wanted: LandWanted) => Promise<LandOutcome>;
};

/** One gate to run. */
export type GateRun = {
  readonly repoDir: string;
  /** The gate worktree. */
  readonly path: string;
  readonly commit: string;
  /** The rig's set-up command, or empty. */
  readonly setup: string;
  readonly gate: Gate;
};

/** One thing worth a line in the log. */
export type RefineryNews = {
  readonly event:
    | "testing"
    | "gate"
    | "landed"
    | "rejected"
    | "conflict"
    | "withdrawn"
    | "held"
    | "refused"
    | "target-moved"
    | "fenced"
    | "closed-landing";
  readonly rig: string;
  readonly request?: string;
  readonly bead?: string;
  readonly epoch?: string;
  readonly commit?: string;
  readonly detail?: string;
};
