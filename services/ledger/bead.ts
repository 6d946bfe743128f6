import type { Json } from "./bead-state.ts";
import type { Tier } from "./tier.ts";

/** One edge, resolved: `uid` is the target's where the ledger knows it. */
export type Dependency = {
  readonly to: string;
  readonly uid: string | undefined;
  /** The target's id as it is named now, or what was written where it is unknown. */
  readonly id: string;
  readonly type: string;
  readonly createdAt: string;
  readonly createdBy: string;
};

export type Comment = {
  readonly id: string;
  readonly author: string;
  readonly text: string;
  readonly createdAt: string;
};

/** The claim with the highest epoch; `released` once its attempt has ended. */
export type Claim = {
  readonly epoch: string;
  readonly machine: string;
  readonly polecat: string;
  readonly claimedAt: string;
  readonly released: boolean;
  readonly exit: string | undefined;
  /** The highest respawn number started under it; undefined before its first start. */
  readonly respawn: number | undefined;
  /** The commit to go on from, or empty for the target's tip. */
  readonly continueFrom: string;
  /** Steps that it regards as done, by uid, with their commits. */
  readonly done: Readonly<Record<string, string>>;
};

/** One bead as everyone sees it: derived from its state, never written back. */
export type Bead = {
  readonly uid: string;
  readonly id: string;
  readonly title: string;
  readonly status: string;
  readonly issueType: string;
  /** 0 is the most urgent, 4 the least. */
  readonly priority: number;
  readonly assignee: string;
  readonly createdBy: string;
  /** RFC 3339, as written where it was imported. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly closedAt: string | undefined;
  readonly closeReason: string;
  /** merged, done, failed, …; empty while open. */
  readonly closeKind: string;
  /** Who closed it. */
  readonly closedBy: string;
  /** The commit that the effective close names. */
  readonly closeCommit: string | undefined;
  /** Every close seen so far, to be named by a reopen. */
  readonly closes: readonly string[];
  /** Closed under an epoch that no longer counts. */
  readonly late: boolean;
  readonly labels: readonly string[];
  readonly dependencies: readonly Dependency[];
  readonly comments: readonly Comment[];
  /** The highest claim, released or not. */
  readonly claim: Claim | undefined;
  /** The parent's uid, or its id where the ledger does not know it. */
  readonly parent: string | undefined;
  /** Every other field as written: texts, metadata, and ours under `gt.…`. */
  readonly fields: Readonly<Record<string, Json>>;
  readonly deleted: boolean;
  readonly tier: Tier;
};

/** A text field of a bead, or empty. */
export function textField(bead: Bead, name: string): string {
  const value = bead.fields[name];
  return typeof value === "string" ? value : "";
}

/** Whether somebody holds the bead now. */
export function isHeld(bead: Bead): boolean {
  return bead.claim !== undefined && !bead.claim.released && bead.status !== "closed";
}

/** Whether it was deleted and moved down: then it is found by its name alone. */
export function isTrace(bead: Bead): boolean {
  return bead.deleted && bead.tier !== "active";
}
