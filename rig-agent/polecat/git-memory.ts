import type { MemoryDisk } from "#services/git/memory/disk.ts";
import { countBeyond } from "#services/git/memory/history.ts";
import { cloneAt, type MemoryGit, must, resolve } from "#services/git/memory/memory-git.ts";
import { type Changes, treeOfFiles } from "#services/git/memory/objects.ts";
import * as trees from "#services/git/memory/worktrees.ts";
import { readTrailers } from "#services/git/trailers.ts";
import type { Person } from "#services/identity/person.ts";
import type { PolecatGit } from "./ports.ts";

/** What polecats need of git, in memory, and what a worker does in its worktree. */
export type MemoryPolecatGit = PolecatGit & {
  /** Change files of a worktree, uncommitted; undefined removes one. */
  readonly edit: (path: string, changes: Changes) => void;
  /** Commit all that a worktree holds, and return the commit. */
  readonly commit: (path: string, wanted: { message: string; author: Person }) => string;
  /** The files of a worktree as they are now. */
  readonly files: (path: string) => ReadonlyMap<string, string>;
};

/** The git of one machine's polecats on a disk in memory. */
export function memoryPolecatGit(ports: {
  readonly disk: MemoryDisk;
  readonly git: MemoryGit;
  readonly nowMs: () => number;
}): MemoryPolecatGit {
  const { disk, git } = ports;
  return {
    ensureClone: git.ensureClone,
    readRef: git.readRef,
    isReachable: git.isReachable,
    fetchRefs: git.fetchRefs,
    addWorktree: async (wanted) => trees.add(disk, wanted),
    removeWorktree: async (wanted) => trees.remove(disk, wanted),
    worktreeState: async (path) => trees.stateOf(disk, path),
    pushCheckpoint: (wanted) => trees.pushCheckpoint(ports, wanted),
    restoreCheckpoint: async (path, commit) => {
      const { tree, clone } = trees.standing(disk, path);
      disk.worktrees.set(path, { ...tree, files: must(clone, commit).tree.files });
    },
    clearLocks: async () => ({ removed: [], kept: [] }),
    snapshot: async (path) => {
      const { tree, head } = trees.standing(disk, path);
      return `${head.id} ${treeOfFiles(tree.files).id}`;
    },
    checkpointParent: async (repoDir, id) => {
      const { message, parents } = must(cloneAt(disk, repoDir), id);
      const isCheckpoint = readTrailers(message)["Gastown-Checkpoint"] !== undefined;
      return isCheckpoint ? parents[0]?.id : undefined;
    },
    pushHead: async ({ path, branch, target, signal }) => {
      const { clone, head } = trees.standing(disk, path);
      const ref = `refs/heads/${branch}`;
      await trees.pushFrom(ports, { path, ref, commit: head.id, signal });
      const onto = must(clone, `refs/remotes/origin/${target}`);
      return { commit: head.id, ahead: countBeyond(head, [onto]) };
    },
    committedMs: async (repoDir, id) => {
      const commit = resolve(cloneAt(disk, repoDir), id);
      return commit && commit.timeSeconds * 1_000;
    },
    hasTree: async (path) => disk.worktrees.has(path) || disk.clones.has(path),
    edit: (path, changes) => trees.edit(disk, path, changes),
    commit: (path, wanted) => trees.commitAll(ports, path, wanted),
    files: (path) => trees.standing(disk, path).tree.files,
  };
}
