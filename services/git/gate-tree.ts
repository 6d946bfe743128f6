import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { runGit } from "./run-git.ts";

/** Checking out or cleaning a large tree. */
const checkoutTimeoutMs = 600_000;

/**
 * Bring the gate worktree at `path` to exactly `commit`, detached; made when it is not there.
 *
 * What an earlier gate changed or left is removed, ignored files (installed packages, caches)
 * aside. The tree belongs to the caller alone, so a lock in it is a dead gate's.
 *
 * @param wanted.keep paths that are neither tracked nor ignored and stay all the same
 */
export async function checkoutDetached(wanted: {
  readonly repoDir: string;
  readonly path: string;
  readonly commit: string;
  readonly keep?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}): Promise<void> {
  const { repoDir, path, commit, keep = [], signal } = wanted;
  const limits = { signal, timeoutMs: checkoutTimeoutMs };
  if (!existsSync(path)) {
    await runGit(["worktree", "prune"], { cwd: repoDir });
    const args = ["worktree", "add", "--quiet", "--force", "--detach", path, commit];
    await runGit(args, { cwd: repoDir, ...limits });
    return;
  }
  const lockPath = ["rev-parse", "--path-format=absolute", "--git-path", "index.lock"];
  await rm((await runGit(lockPath, { cwd: path })).stdout.trim(), { force: true });
  await runGit(["checkout", "--quiet", "--detach", "--force", commit], { cwd: path, ...limits });
  // Twice -f: also a repository that a gate made inside the tree.
  const kept = keep.flatMap((name) => ["-e", `/${name.replaceAll(/[\\*?[\]!# ]/g, "\\$&")}`]);
  await runGit(["clean", "--quiet", "-f", "-f", "-d", ...kept], { cwd: path, ...limits });
}
