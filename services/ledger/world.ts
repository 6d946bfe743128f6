import type { Bead } from "./bead.ts";
import type { BeadState } from "./bead-state.ts";
import type { ReadyIndex } from "./ready-index.ts";
import type { Requested } from "./requests.ts";
import type { Query } from "./search.ts";
import type { Tier } from "./tier.ts";

/** Beads as the ledger's readers see them. All look-ups are by index; none walks the whole. */
export type World = {
  /** A bead by uid, id, or former id. Tombstones too. */
  readonly bead: (uidOrId: string) => Bead | undefined;
  /** Every bead of the active tier, tombstones too. */
  readonly all: () => Iterable<Bead>;
  /** Every bead of every tier; reads those below the active one as it comes to them. */
  readonly everywhere: () => Iterable<Bead>;
  /** Every bead of one tier; the archive is not read for the others. */
  readonly inTier: (tier: Tier) => Iterable<Bead>;
  /** Beads of one type of the active tier that are not deleted. */
  readonly ofType: (issueType: string) => readonly Bead[];
  /** The same of every tier. */
  readonly everyOfType: (issueType: string) => readonly Bead[];
  /** Direct children, by id. */
  readonly children: (uid: string) => readonly Bead[];
  /** Beads that have an edge to this one, but for those that were deleted and moved down. */
  readonly dependents: (uid: string) => readonly Bead[];
  /** Beads whose `gt.work` is this one: molecule root, steps, merge requests; but the same. */
  readonly ofWork: (uid: string) => readonly Bead[];
  /** Beads below the active tier that may match a query: its words are looked up by index. */
  readonly found: (query: Query) => Iterable<Bead>;
  /** What a request made or changed, by {@link requestKey}. */
  readonly requested: (request: string) => Requested | undefined;
  /** The join of a bead's events: for the fold's proofs and for removals that name additions. */
  readonly state: (uid: string) => BeadState | undefined;
  /** How many beads there are in all tiers. */
  readonly size: () => number;
  /** What is open, in hand and ready. */
  readonly readiness: ReadyIndex;
};
