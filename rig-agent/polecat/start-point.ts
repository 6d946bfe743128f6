import { checkpointRef } from "#services/git/checkpoint.ts";
import { trackingRef } from "#services/git/fetch-remote.ts";
import { polecatBranch } from "#services/git/worktree.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";
import type { Rig } from "#services/ledger/rigs.ts";
import type { World } from "#services/ledger/world.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { CannotStartError } from "./cannot-start.ts";
import { formerAttempt } from "./former-attempt.ts";
import type { PolecatGit } from "./ports.ts";
import type { PolecatSession } from "./sessions.ts";

/** A commit to branch from, and a checkpoint whose uncommitted changes belong on top of it. */
export type StartPoint = { readonly commit: string; readonly checkpoint?: string };

/** What a start point is looked for by. */
type Wanted = {
  readonly session: PolecatSession;
  readonly rig: Rig;
  readonly work: Bead;
  readonly world: World;
};

/**
 * Where the work of a fresh worktree begins: at what this attempt has on the remote already, else
 * at the commit that its claim names, else at the target's tip.
 *
 * @throws CannotStartError where the commit that the claim names is nowhere any more: steps that
 *   are regarded as done would be missing without a word
 */
export async function startPoint(
  git: PolecatGit,
  repoDir: string,
  of: Wanted,
): Promise<StartPoint> {
  const { session, rig, work } = of;
  const claim = claimEpoch(session.epoch);
  const pushed = await git.readRef(repoDir, trackingRef(`refs/heads/${session.branch}`));
  const checkpoint = await git.readRef(repoDir, trackingRef(checkpointRef(work.id, claim)));
  if (checkpoint) {
    const start = await unfold(git, repoDir, checkpoint);
    const isOlder =
      pushed !== undefined &&
      pushed !== start.commit &&
      (await git.isReachable(repoDir, start.commit, pushed));
    if (!isOlder) return start;
  }
  if (pushed) return { commit: pushed };
  const from = await continued(git, repoDir, of);
  if (from !== undefined) return unfold(git, repoDir, from);
  const target = await git.readRef(repoDir, `refs/remotes/origin/${rig.target}`);
  if (target) return { commit: target };
  throw new TownError("not_found", `${rig.remote} has no branch ${rig.target} to work on`);
}

/** The commit that a claim goes on from, or what its former attempt has on the remote instead. */
export async function continued(
  git: Pick<PolecatGit, "readRef">,
  repoDir: string,
  { work, world }: Pick<Wanted, "work" | "world">,
): Promise<string | undefined> {
  const named = work.claim?.continueFrom ?? "";
  if (named === "") return undefined;
  const former = formerAttempt(world, work)?.epoch;
  // A worker that amended what it had pushed left the commit that its step names to nobody.
  const refs = former
    ? [checkpointRef(work.id, former), `refs/heads/${polecatBranch(work.id, former)}`]
    : [];
  for (const place of [named, ...refs.map(trackingRef)]) {
    const commit = await git.readRef(repoDir, place);
    if (commit) return commit;
  }
  const lost = `${named.slice(0, 12)}, which the steps done so far are in, is not at the remote`;
  throw new CannotStartError(`the commit ${lost} any more`);
}

/** A checkpoint's changes were uncommitted where it was taken, and are so again. */
async function unfold(git: PolecatGit, repoDir: string, commit: string): Promise<StartPoint> {
  const parent = await git.checkpointParent(repoDir, commit);
  return parent === undefined ? { commit } : { commit: parent, checkpoint: commit };
}
