import { checkpointRef } from "#services/git/checkpoint.ts";
import { trackingRef } from "#services/git/fetch-remote.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";
import type { Rig } from "#services/ledger/rigs.ts";
import { TownError } from "#services/rpc/town-error.ts";
import type { PolecatGit } from "./ports.ts";
import type { PolecatSession } from "./sessions.ts";

/** A commit to branch from, and a checkpoint whose uncommitted changes belong on top of it. */
export type StartPoint = { readonly commit: string; readonly checkpoint?: string };

/**
 * Where the work of a fresh worktree begins: at what this attempt has on the remote already, else
 * at the commit that its claim names, else at the target's tip.
 */
export async function startPoint(
  git: PolecatGit,
  repoDir: string,
  of: { readonly session: PolecatSession; readonly rig: Rig; readonly work: Bead },
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
  const from = work.claim?.continueFrom ?? "";
  if (from !== "" && (await git.readRef(repoDir, from))) return unfold(git, repoDir, from);
  const target = await git.readRef(repoDir, `refs/remotes/origin/${rig.target}`);
  if (target) return { commit: target };
  throw new TownError("not_found", `${rig.remote} has no branch ${rig.target} to work on`);
}

/** A checkpoint's changes were uncommitted where it was taken, and are so again. */
async function unfold(git: PolecatGit, repoDir: string, commit: string): Promise<StartPoint> {
  const parent = await git.checkpointParent(repoDir, commit);
  return parent === undefined ? { commit } : { commit: parent, checkpoint: commit };
}
