import { existsSync } from "node:fs";
import { ensureClone } from "#services/git/bare-clone.ts";
import { pushCheckpoint, restoreCheckpoint } from "#services/git/checkpoint.ts";
import { clearLocks } from "#services/git/clear-locks.ts";
import { awayNotMissing, fetchRefs, isReachable, readRef } from "#services/git/fetch-remote.ts";
import { pushFrom } from "#services/git/push-own.ts";
import { runGit } from "#services/git/run-git.ts";
import { snapshotTree } from "#services/git/snapshot-tree.ts";
import { readTrailers } from "#services/git/trailers.ts";
import { addWorktree, removeWorktree, worktreeState } from "#services/git/worktree.ts";
import type { PolecatGit } from "./ports.ts";

/** The head and the whole content of a worktree, in a word that changes when either does. */
export async function snapshot(path: string): Promise<string> {
  const { stdout } = await runGit(["rev-parse", "--verify", "HEAD"], { cwd: path });
  return `${stdout.trim()} ${await snapshotTree(path)}`;
}

/** The commit on which a checkpoint's uncommitted changes stood; undefined where it is no such. */
export async function checkpointParent(
  repoDir: string,
  commit: string,
): Promise<string | undefined> {
  const args = ["log", "-1", "--format=%P%n%B", "--end-of-options", commit];
  const { stdout } = await runGit(args, { cwd: repoDir });
  const end = stdout.indexOf("\n");
  const parent = stdout.slice(0, end).split(" ")[0];
  if (readTrailers(stdout.slice(end + 1))["Gastown-Checkpoint"] === undefined) return undefined;
  return parent || undefined;
}

/** When a commit was made, in ms since the Unix epoch; undefined where it is not here. */
export async function committedMs(repoDir: string, commit: string): Promise<number | undefined> {
  const args = ["log", "-1", "--format=%ct", "--end-of-options", commit];
  const { code, stdout } = await runGit(args, { cwd: repoDir, okCodes: [0, 128] });
  return code === 0 ? Number(stdout.trim()) * 1_000 : undefined;
}

/**
 * Push the head of a worktree to its branch on the remote.
 *
 * @param wanted.target the branch that `ahead` is counted against, as the last fetch knows it
 * @throws TownError as `runGit` does when the push fails
 */
export async function pushHead(wanted: {
  readonly path: string;
  readonly branch: string;
  readonly target: string;
  readonly signal?: AbortSignal | undefined;
}): Promise<{ commit: string; ahead: number }> {
  const { path, branch, target, signal } = wanted;
  const head = await runGit(["rev-parse", "--verify", "HEAD"], { cwd: path });
  const commit = head.stdout.trim();
  // No fast-forward is asked for, since its worker may have rebased.
  await pushFrom({ path, ref: `refs/heads/${branch}`, commit, signal }).catch(awayNotMissing);
  const range = `refs/remotes/origin/${target}..${commit}`;
  const ahead = await runGit(["rev-list", "--count", range], { cwd: path });
  return { commit, ahead: Number(ahead.stdout.trim()) };
}

/** The real git. */
export const polecatGit: PolecatGit = {
  ensureClone,
  addWorktree,
  removeWorktree,
  worktreeState,
  pushCheckpoint,
  restoreCheckpoint,
  readRef,
  clearLocks,
  isReachable,
  fetchRefs,
  snapshot,
  checkpointParent,
  pushHead,
  committedMs,
  hasTree: async (path) => existsSync(path),
};
