import { isTownError, TownError } from "#services/rpc/town-error.ts";
import { attempt } from "./attempt.ts";
import { trackingRef } from "./fetch-remote.ts";
import { cliGit, type Git } from "./git.ts";
import { judgeLanding, type Seen } from "./judge-landing.ts";
import type { LandOutcome, LandWanted } from "./land.ts";
import { type MainPlace, pushMain, termWithin } from "./main-chain.ts";
import { asTerm } from "./term-chain.ts";

/**
 * Land where the target carries the terms itself: one push of one branch.
 *
 * The candidate is built on a target in whose history our term is the highest, and only that very
 * target is moved; who took a term since has moved it. So a deposed process cannot land.
 */
export async function landOnMain(wanted: LandWanted & MainPlace): Promise<LandOutcome> {
  const { repoDir, target, onMain, expectedMain, tip, git = cliGit } = wanted;
  if (target !== onMain) {
    const why = `${onMain} carries the terms of this rig: nothing can land on ${target}`;
    return { kind: "refused", why, tip };
  }
  const last = wanted.landings.at(-1)?.commit ?? "";
  // On the target it would be the highest term, and whoever wrote it would have deposed us.
  const foreign = await termWithin({ repoDir, tip: last, since: expectedMain }, git);
  if (foreign.commit !== undefined) {
    const why = `${foreign.commit} carries the trailer Gastown-Term: only an authority writes that`;
    return { kind: "refused", why, tip };
  }
  const mayPush = (await standingOf(repoDir, tip, expectedMain, git)).ruling;
  const failure = mayPush
    ? await attempt(pushMain(wanted, last, expectedMain, git))
    : new TownError("stale", `${expectedMain} is not of this term`);
  let seen: Seen;
  try {
    await git.fetchRefs(wanted, [`refs/heads/${onMain}`]);
    const main = await git.readRef(repoDir, trackingRef(`refs/heads/${onMain}`));
    const landed = main !== undefined && (await git.isReachable(repoDir, last, main));
    const standing = await standingOf(repoDir, tip, main, git);
    // Its own commit on the target is the record of a landing.
    seen = { main, landed, recorded: landed, chainTip: tip, ...standing };
  } catch (error) {
    if (!isTownError(error)) throw error;
    return { kind: "unknown", why: `${failure?.message ?? "pushed"}; then ${error.message}` };
  }
  return judgeLanding(seen, expectedMain, tip, failure);
}

/** Whether a target goes on from our term, and no other was taken since; else whose it is. */
async function standingOf(
  repoDir: string,
  tip: string,
  main: string | undefined,
  git: Git,
): Promise<Pick<Seen, "term" | "holder" | "ruling">> {
  if (main === undefined) return { term: 0, holder: undefined, ruling: false };
  const [link] = await git.log({ repoDir, tip, max: 1 });
  const own = link && asTerm(link);
  if (own && (await git.isReachable(repoDir, tip, main))) {
    const since = await termWithin({ repoDir, tip: main, since: tip }, git);
    if (since.term <= own.term) return { ...own, ruling: true };
    return { term: since.term, holder: since.holder, ruling: false };
  }
  const { term, holder } = await termWithin({ repoDir, tip: main }, git);
  return { term, holder, ruling: false };
}
