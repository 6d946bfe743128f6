import { existsSync } from "node:fs";
import { readdir, realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { TownError } from "#services/rpc/town-error.ts";
import { isReachable, readRef } from "./fetch-remote.ts";
import { inTurn } from "./in-turn.ts";
import { quickStatus } from "./quick-status.ts";
import { refPart } from "./ref-part.ts";
import { runGit } from "./run-git.ts";
import { snapshotTree } from "./snapshot-tree.ts";

/** One worktree of a clone, as git lists it. */
export type Worktree = {
  readonly path: string;
  readonly head: string | undefined;
  /** Without `refs/heads/`; undefined when detached. */
  readonly branch: string | undefined;
  /** Why git protects it from pruning; `initializing` while it is being made. */
  readonly locked: string | undefined;
};

/** What a worktree holds. */
export type WorktreeState = {
  readonly head: string;
  readonly branch: string | undefined;
  /** Paths with changes that no commit has; an untracked folder is one path. */
  readonly dirty: string[];
  /** Commits that are on no ref of the remote, as far as the last fetch or push knows. */
  readonly unpushed: number;
};

/** The branch of one attempt at a bead. */
export function polecatBranch(bead: string, epoch: string): string {
  return `polecat/${refPart(bead)}/${refPart(epoch)}`;
}

/** The worktrees of a clone, without the clone itself. */
export async function listWorktrees(repoDir: string): Promise<Worktree[]> {
  const { stdout } = await runGit(["worktree", "list", "--porcelain", "-z"], { cwd: repoDir });
  const blocks = stdout.split("\0\0").filter((block) => block !== "");
  const read = blocks.map((block) => {
    const lines = block.split("\0").map((line) => {
      const space = line.indexOf(" ");
      return space < 0
        ? ([line, ""] as const)
        : ([line.slice(0, space), line.slice(space + 1)] as const);
    });
    const value = new Map<string, string>(lines);
    return {
      path: value.get("worktree") ?? "",
      head: value.get("HEAD"),
      branch: value.get("branch")?.replace("refs/heads/", ""),
      locked: value.get("locked"),
      bare: value.has("bare"),
    };
  });
  return read.filter(({ bare }) => !bare).map(({ bare: _bare, ...worktree }) => worktree);
}

/**
 * Make a worktree at `path` on `branch`, which starts at `startPoint` unless it is there already.
 *
 * Doing it twice is doing it once; one that a crash left half made is made anew.
 *
 * @throws TownError `exists` when the path or the branch serves something else
 */
export async function addWorktree(wanted: {
  readonly repoDir: string;
  readonly path: string;
  readonly branch: string;
  readonly startPoint: string;
}): Promise<WorktreeState> {
  const { repoDir, path, branch, startPoint } = wanted;
  await inTurn(`${resolve(repoDir)} worktrees`, async () => {
    await runGit(["worktree", "prune"], { cwd: repoDir });
    const existing = await findWorktree(repoDir, path);
    if (existing?.locked === "initializing")
      await drop(repoDir, path); // No worker saw it yet.
    else if (existing?.branch === branch) return;
    else if (existing) {
      const serves = existing.branch ?? "a detached commit";
      throw new TownError("exists", `the worktree ${path} serves ${serves}, not ${branch}`);
    }
    if (existsSync(path) && (await readdir(path)).length > 0) {
      throw new TownError("exists", `${path} is not empty and no worktree: move it away`);
    }
    const known = await readRef(repoDir, `refs/heads/${branch}`);
    const from = known ? [path, branch] : ["--no-track", "-b", branch, path, startPoint];
    const timeoutMs = 600_000; // A checkout of a large tree.
    await runGit(["worktree", "add", "--quiet", ...from], { cwd: repoDir, timeoutMs });
  });
  return worktreeState(path);
}

/** What the worktree at `path` holds: its commit, its changes, and what only this disk has. */
export async function worktreeState(path: string): Promise<WorktreeState> {
  const status = await quickStatus(path);
  return { ...status, unpushed: await countUnpushed(path, status.head) };
}

/** How many commits of `commit`'s history are on no ref that the remote is known to have. */
export async function countUnpushed(repoDir: string, commit: string): Promise<number> {
  const remote = ["--not", "--remotes", "--glob=refs/gastown-remote/*"];
  const args = ["rev-list", "--count", commit, ...remote];
  return Number((await runGit(args, { cwd: repoDir })).stdout.trim());
}

/**
 * Remove a worktree, but never the only copy of something. One that is gone already is fine.
 *
 * @param wanted.safeCommit a pushed commit (a checkpoint, say) that holds all that the tree holds:
 *   believed only if a ref of the remote has it, its history has the head, and its tree the changes
 * @param wanted.released a person released the work: remove it whatever it holds
 * @throws TownError `state` when something would be lost, naming it
 */
export async function removeWorktree(wanted: {
  readonly repoDir: string;
  readonly path: string;
  readonly safeCommit?: string;
  readonly released?: boolean;
}): Promise<void> {
  const { repoDir, path, safeCommit } = wanted;
  await inTurn(`${resolve(repoDir)} worktrees`, async () => {
    const existing = await findWorktree(repoDir, path);
    if (!existing) return;
    if (existsSync(path) && !wanted.released) {
      const held = await heldOnlyHere(path, safeCommit);
      if (held) throw new TownError("state", `the worktree ${path} stays: ${held}`);
    }
    await drop(repoDir, path);
  });
}

/** What only this worktree holds, in words; undefined when all of it is on the remote. */
async function heldOnlyHere(path: string, safe: string | undefined): Promise<string | undefined> {
  const { head, dirty, unpushed } = await worktreeState(path);
  if (dirty.length === 0 && unpushed === 0) return undefined;
  const shown = dirty.slice(0, 5).join(", ") + (dirty.length > 5 ? ", …" : "");
  const parts = [
    unpushed > 0 ? `${unpushed} commits that are on no ref of the remote` : "",
    dirty.length > 0 ? `${dirty.length} uncommitted changes (${shown})` : "",
  ];
  const held = parts.filter((part) => part !== "").join(" and ");
  if (!safe) return `it has ${held}; push a checkpoint first`;
  if ((await countUnpushed(path, safe)) > 0) return `${safe} is on no ref of the remote yet`;
  if (!(await isReachable(path, head, safe))) return `its head ${head} is not part of ${safe}`;
  const kept = (await runGit(["rev-parse", `${safe}^{tree}`], { cwd: path })).stdout.trim();
  if (dirty.length > 0 && (await snapshotTree(path)) !== kept) {
    return `it has changed since ${safe}, and has ${held}`;
  }
  return undefined;
}

async function findWorktree(repoDir: string, path: string): Promise<Worktree | undefined> {
  const real = await realpath(path).catch(() => resolve(path));
  return (await listWorktrees(repoDir)).find((worktree) => worktree.path === real);
}

async function drop(repoDir: string, path: string): Promise<void> {
  // Twice forced: also one that is locked as initializing. What it held was judged before.
  const args = ["worktree", "remove", "--force", "--force", path];
  await runGit(args, { cwd: repoDir, timeoutMs: 600_000 });
}
