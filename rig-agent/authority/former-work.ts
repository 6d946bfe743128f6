import { checkpointRef } from "#services/git/checkpoint.ts";
import { trackingRef } from "#services/git/fetch-remote.ts";
import { cliGit, type Git } from "#services/git/git.ts";
import { polecatBranch } from "#services/git/worktree.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";
import type { Cursor } from "#services/ledger/event.ts";
import { savedField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { cursorOf } from "#services/molecules/cursor.ts";
import { mergeRequestUid } from "#services/molecules/leave.ts";
import { moleculeOf } from "#services/molecules/progress.ts";

/** Where a rig's code is, for a look at what former attempts left there. */
export type FormerPlace = {
  readonly repoDir: string;
  readonly signal?: AbortSignal | undefined;
  readonly git?: Git | undefined;
};

/**
 * Whether a new claim of a bead goes on with its former one: that was lost, handed off or came to a
 * halt. What was submitted and came back is begun anew: there the commits are in question.
 */
export function hasFormerWork(bead: Bead, world: World): boolean {
  return bead.claim !== undefined && !world.bead(mergeRequestUid(bead.uid, bead.claim.epoch));
}

/**
 * What new claims of these beads may regard as done, and the commit that each goes on from: the
 * newest that the former attempt pushed, which is its checkpoint or, where that fell behind, its
 * branch; else what its steps or its own claim named.
 *
 * @returns by uid; undefined where there is nothing to go on with
 * @throws TownError where the remote does not answer; then nobody knows what was left there
 */
export async function formerWork(
  place: FormerPlace,
  world: World,
  beads: readonly Bead[],
): Promise<Map<string, Cursor | undefined>> {
  const { git = cliGit } = place;
  const refs = beads.flatMap((bead) => Object.values(refsOf(bead)));
  await git.fetchRefs(place, refs);
  const found = new Map<string, Cursor | undefined>();
  for (const bead of beads) found.set(bead.uid, await cursorFor(place, world, bead));
  return found;
}

function refsOf({ id, claim }: Bead): { readonly checkpoint: string; readonly branch: string } {
  const epoch = claim?.epoch ?? "";
  return {
    checkpoint: checkpointRef(id, epoch),
    branch: `refs/heads/${polecatBranch(id, epoch)}`,
  };
}

async function cursorFor(
  place: FormerPlace,
  world: World,
  bead: Bead,
): Promise<Cursor | undefined> {
  const { repoDir, git = cliGit } = place;
  const molecule = moleculeOf(world, bead.uid);
  const known: Cursor = molecule
    ? cursorOf(molecule)
    : { steps: {}, commit: bead.claim?.continueFrom ?? "" };
  // Its machine ended it in good order, and named the commit that holds all of it.
  const saved = savedField.read(bead);
  if (saved && claimEpoch(saved.epoch) === bead.claim?.epoch) return known;
  const isThere = known.commit !== "" && (await git.readRef(repoDir, known.commit)) !== undefined;
  const newest = await newestPushed(place, bead);
  if (!isThere) {
    // Steps whose commits are gone from the remote are not done, whoever once saw them.
    const steps = known.commit === "" ? known.steps : {};
    if (newest === undefined && Object.keys(steps).length === 0) return undefined;
    return { steps, commit: newest ?? "" };
  }
  const holdsAll = newest !== undefined && (await git.isReachable(repoDir, known.commit, newest));
  return { steps: known.steps, commit: holdsAll ? newest : known.commit };
}

async function newestPushed(
  { repoDir, git = cliGit }: FormerPlace,
  bead: Bead,
): Promise<string | undefined> {
  const refs = refsOf(bead);
  const branch = await git.readRef(repoDir, trackingRef(refs.branch));
  const checkpoint = await git.readRef(repoDir, trackingRef(refs.checkpoint));
  if (checkpoint === undefined) return branch;
  const [entry] = await git.log({ repoDir, tip: checkpoint, max: 1 });
  const isUnfolded = entry?.trailers["Gastown-Checkpoint"] === undefined;
  const base = isUnfolded ? checkpoint : (entry?.parents[0] ?? checkpoint);
  const isBehind =
    branch !== undefined && branch !== base && (await git.isReachable(repoDir, base, branch));
  return isBehind ? branch : checkpoint;
}
