import { setImmediate as nextTurn } from "node:timers/promises";
import type { Draft } from "./event.ts";
import type { Ledger } from "./ledger.ts";
import { mayMove, movesDue, movesMax, type TierLimits, type UpperTier, upper } from "./tiering.ts";

/** How many beads went down, by the tier in which they are now. */
export type MovedDown = { readonly recent: number; readonly archive: number };

/** Who moves beads, and by what limits. */
export type MoveOptions = TierLimits & {
  readonly actor: string;
  readonly signal: AbortSignal;
  /** Where to look for them; in both tiers if absent. */
  readonly from?: readonly UpperTier[] | undefined;
};

/** After how many beads of a walk others have their turn. */
const turn = 1_000;

/**
 * Move down all that is due now, a bounded number of beads at a time; others have their turn in
 * between. What is archived is not read. Ended early by the signal, the same call does the rest.
 */
export async function moveDown(
  { world, append }: Pick<Ledger, "world" | "append">,
  { actor, signal, from: tiers, ...limits }: MoveOptions,
): Promise<MovedDown> {
  const due: string[] = [];
  let walked = 0;
  // Appending while it is walked would change what is walked.
  for (const bead of upper(world, tiers)) {
    if (mayMove(bead, world, limits)) due.push(bead.uid);
    walked += 1;
    if (walked % turn === 0) await nextTurn();
    signal.throwIfAborted();
  }
  const moved = { recent: 0, archive: 0 };
  for (let from = 0; from < due.length; from += movesMax) {
    signal.throwIfAborted();
    const some = due.slice(from, from + movesMax).flatMap((uid) => world.bead(uid) ?? []);
    const drafts = movesDue(world, limits, some);
    await append(actor, drafts);
    for (const tier of drafts.flatMap(tierMoved)) moved[tier] += 1;
    await nextTurn();
  }
  return moved;
}

function tierMoved({ op, values }: Draft): (keyof MovedDown)[] {
  if (op !== "tier") return [];
  return values.tier === "archive" ? ["archive"] : ["recent"];
}
