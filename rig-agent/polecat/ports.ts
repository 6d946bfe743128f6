import type { ensureClone } from "#services/git/bare-clone.ts";
import type { pushCheckpoint, restoreCheckpoint } from "#services/git/checkpoint.ts";
import type { clearLocks } from "#services/git/clear-locks.ts";
import type { fetchRefs, isReachable, readRef } from "#services/git/fetch-remote.ts";
import type { addWorktree, removeWorktree, worktreeState } from "#services/git/worktree.ts";
import type { Bead } from "#services/ledger/bead.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import type { Rig } from "#services/ledger/rigs.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import type { Recipe } from "#services/molecules/library.ts";
import type { OutputPage } from "#services/runtime/output.ts";
import type { Runtime } from "#services/runtime/runtime.ts";
import type { Evidence } from "./evidence.ts";
import type { checkpointParent, committedMs, pushHead, snapshot } from "./git.ts";
import type { PolecatSession, SessionStore } from "./sessions.ts";

/** What polecats need of git. */
export type PolecatGit = {
  readonly ensureClone: typeof ensureClone;
  readonly addWorktree: typeof addWorktree;
  readonly removeWorktree: typeof removeWorktree;
  readonly worktreeState: typeof worktreeState;
  readonly pushCheckpoint: typeof pushCheckpoint;
  readonly restoreCheckpoint: typeof restoreCheckpoint;
  readonly readRef: typeof readRef;
  readonly clearLocks: typeof clearLocks;
  readonly isReachable: typeof isReachable;
  readonly fetchRefs: typeof fetchRefs;
  readonly snapshot: typeof snapshot;
  readonly checkpointParent: typeof checkpointParent;
  readonly pushHead: typeof pushHead;
  readonly committedMs: typeof committedMs;
  /** Whether a worktree, or a clone of ours, stands at a path. */
  readonly hasTree: (path: string) => Promise<boolean>;
};

/** What sessions print, each known by its name. */
export type SessionOutput = {
  /** The last lines of it, an unfinished one too. */
  readonly tail: (session: string, linesMax: number) => Promise<readonly string[]>;
  /** Whole lines from a position on. */
  readonly page: (session: string, fromByte: number) => Promise<OutputPage>;
  /** How many bytes it has printed so far. */
  readonly end: (session: string) => Promise<number>;
  /** Keep only the newest part of it once it is too much. */
  readonly cap: (session: string) => Promise<void>;
};

/** A program to run for a worker, with variables that only it gets. */
export type Program = {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

/** What the life of a polecat is made of. */
export type PolecatPorts = {
  readonly machine: string;
  readonly home: string;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly sessions: SessionStore;
  readonly runtime: Runtime;
  readonly git: PolecatGit;
  readonly output: SessionOutput;
  /** Signs that a session gets on which its disk shows, whatever its worker says. */
  readonly signs: (session: PolecatSession) => Promise<readonly Evidence[]>;
  /** The molecule that a bead is worked by. */
  readonly recipe: (work: Bead) => Promise<Recipe>;
  /**
   * What a session runs.
   *
   * @throws TownError `invalid` for a runtime that is not known, or lacks something, in clear words
   */
  readonly program: (work: Bead, rig: Rig, session: PolecatSession) => Program;
  /** The whole environment of a session's processes, but for what its program adds. */
  readonly environment: (session: PolecatSession) => Readonly<Record<string, string>>;
  /** Write what a session needs beside its record, its `gt` for one. */
  readonly equip: (session: PolecatSession) => Promise<void>;
  readonly newToken: () => string;
  /** Raised when this process shall end. */
  readonly signal: AbortSignal;
};
