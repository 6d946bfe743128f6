import { randomUUID } from "node:crypto";
import { copyFile, rm } from "node:fs/promises";
import { isTownError } from "#services/rpc/town-error.ts";
import { runGit } from "./run-git.ts";

const triesMax = 4;

/**
 * Write all that a worktree holds now, ignored files aside, as a tree and return its id.
 *
 * Works on a copy of the index, so neither the index nor the head nor a file of the tree moves
 * under the agent at work there. A repository nested in the worktree is kept as a link only.
 */
export async function snapshotTree(path: string): Promise<string> {
  const indexPath = ["rev-parse", "--path-format=absolute", "--git-path", "index"];
  const index = (await runGit(indexPath, { cwd: path })).stdout.trim();
  const copy = `${index}.snapshot-${randomUUID()}`;
  const env = { GIT_INDEX_FILE: copy };
  try {
    // The copy brings the cached file times, which spare git from reading every file again.
    await copyFile(index, copy).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error; // Without an index, everything is read.
    });
    await addEverything(path, env);
    return (await runGit(["write-tree"], { cwd: path, env })).stdout.trim();
  } finally {
    await rm(copy, { force: true });
    await rm(`${copy}.lock`, { force: true });
  }
}

async function addEverything(path: string, env: Record<string, string>): Promise<void> {
  for (let left = triesMax - 1; ; left -= 1) {
    try {
      await runGit(["add", "--all", "."], { cwd: path, env, timeoutMs: 300_000 });
      return;
    } catch (error) {
      // A file may vanish between being seen and being read, since the agent goes on working.
      if (left === 0 || isTownError(error, "exhausted", "unavailable")) throw error;
    }
  }
}
