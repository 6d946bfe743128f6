import { isTownError, type TownError } from "#services/rpc/town-error.ts";
import type { LandOutcome } from "./land.ts";

/** What the remote shows after a push. */
export type Seen = {
  readonly main: string | undefined;
  readonly landed: boolean;
  readonly chainTip: string | undefined;
  readonly term: number;
  readonly holder: string | undefined;
  /** The chain still goes on from our tip, in our term. */
  readonly ruling: boolean;
  readonly recorded: boolean;
};

/** The outcome of a landing from what was seen; the failure only explains it. */
export function judgeLanding(
  seen: Seen,
  expectedMain: string,
  tip: string,
  failure: TownError | undefined,
): LandOutcome {
  const { main, term, holder } = seen;
  // A deposed process keeps its own tip, so that its next push is fenced.
  const next = seen.ruling && seen.chainTip ? seen.chainTip : tip;
  if (seen.landed) return { kind: "landed", tip: next, recorded: seen.recorded };
  if (!seen.ruling) return { kind: "fenced", term, holder };
  if (main !== expectedMain) return { kind: "target-moved", main, tip: next };
  const why = failure?.message ?? "the push was accepted, but the target was moved back since";
  const answered = !failure || failure.message.includes("rejected]");
  if (!answered && isTownError(failure, "unavailable", "cancelled"))
    return { kind: "unknown", why };
  return { kind: "refused", why: explainRefusal(why), tip: next };
}

function explainRefusal(why: string): string {
  if (!/Working directory has (?:un)?staged changes/.test(why)) return why;
  const todo = "has uncommitted changes: commit or stash them";
  return `the tree checked out at the remote ${todo} (${why})`;
}
