import type { Commit, Tree } from "./objects.ts";

/** A bare clone of ours. */
export type CloneState = {
  /** Where `origin` is. */
  url: string;
  readonly refs: Map<string, string>;
  readonly commits: Map<string, Commit>;
  /** Trees that no commit has yet. */
  readonly trees: Map<string, Tree>;
};

/** A worktree of a clone, with the files that are in it now. */
export type WorktreeState = {
  readonly repoDir: string;
  /** Without `refs/heads/`; undefined when detached. */
  readonly branch: string | undefined;
  /** The commit of a detached head; otherwise the branch's in the clone. */
  readonly detached?: string;
  readonly files: ReadonlyMap<string, string>;
  /** What was pushed from here last, by the remote's ref. */
  readonly pushed?: ReadonlyMap<string, string>;
};

/** What one machine's disk holds of git. */
export type MemoryDisk = {
  /** The machine, as remotes hear of it. */
  readonly who: string;
  readonly clones: Map<string, CloneState>;
  readonly worktrees: Map<string, WorktreeState>;
};

/** An empty disk. */
export function memoryDisk(who: string): MemoryDisk {
  return { who, clones: new Map(), worktrees: new Map() };
}

/** A disk's image: for a snapshot, or for a second machine made of it. Objects are shared. */
export function copyDisk({ who, clones, worktrees }: MemoryDisk): MemoryDisk {
  const copies = [...clones].map(([dir, clone]) => [dir, copyClone(clone)] as const);
  return { who, clones: new Map(copies), worktrees: new Map(worktrees) };
}

/** Bring a disk back to an image of it; what came later is gone. */
export function restoreDisk(disk: MemoryDisk, image: MemoryDisk): void {
  const { clones, worktrees } = copyDisk(image);
  disk.clones.clear();
  for (const [dir, clone] of clones) disk.clones.set(dir, clone);
  disk.worktrees.clear();
  for (const [path, tree] of worktrees) disk.worktrees.set(path, tree);
}

function copyClone({ url, refs, commits, trees }: CloneState): CloneState {
  return { url, refs: new Map(refs), commits: new Map(commits), trees: new Map(trees) };
}
