import type { RefUpdate } from "../git.ts";
import { isWithin } from "./history.ts";
import type { Commit } from "./objects.ts";

/** What becomes of one ref of a push. */
export type Judged = {
  readonly update: RefUpdate;
  readonly from: Commit | undefined;
  readonly to: Commit | undefined;
  /** Why it is not moved, as git says it: `[rejected] (stale info)`. */
  readonly refusal?: string;
};

/** What a push is judged by. */
export type PushFacts = {
  readonly updates: readonly RefUpdate[];
  readonly atomic: boolean;
  readonly ignoresLeases: boolean;
  readonly keepsCustomRefs: boolean;
  /** Where the remote has a ref. */
  readonly remote: (ref: string) => Commit | undefined;
  /** What the one who pushes has. */
  readonly local: (commit: string) => Commit | undefined;
};

/** What becomes of each ref of a push, in git's own order of checks. */
export function judgePush(facts: PushFacts): Judged[] {
  const judged = facts.updates.map((update) => judgeUpdate(update, facts));
  if (!facts.atomic || judged.every(({ refusal }) => refusal === undefined)) return judged;
  const refusal = "[rejected] (atomic push failed)";
  return judged.map((each) => ({ ...each, refusal: each.refusal ?? refusal }));
}

function judgeUpdate(update: RefUpdate, facts: PushFacts): Judged {
  const { remote, local, ignoresLeases, keepsCustomRefs } = facts;
  const { ref, lease, isForced = false } = update;
  const from = remote(ref);
  const to = update.to === undefined ? undefined : local(update.to);
  const judged = { update, from, to };
  if (from?.id === to?.id) return judged;
  if (!keepsCustomRefs && !ref.startsWith("refs/heads/")) {
    return { ...judged, refusal: "[remote rejected] (deny updating a hidden ref)" };
  }
  if (lease !== undefined) {
    const isBroken = (from?.id ?? "") !== lease && !ignoresLeases;
    return isBroken && !isForced ? { ...judged, refusal: "[rejected] (stale info)" } : judged;
  }
  if (isForced || !from || !to || isWithin(from, [to])) return judged;
  const why = local(from.id) ? "non-fast-forward" : "fetch first";
  return { ...judged, refusal: `[rejected] (${why})` };
}
