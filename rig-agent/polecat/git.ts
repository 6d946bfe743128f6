import { ensureClone } from "#services/git/bare-clone.ts";
import { pushCheckpoint, restoreCheckpoint } from "#services/git/checkpoint.ts";
import { clearLocks } from "#services/git/clear-locks.ts";
import { readRef } from "#services/git/fetch-remote.ts";
import { addWorktree, removeWorktree, worktreeState } from "#services/git/worktree.ts";
import type { PolecatGit } from "./ports.ts";

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
};
