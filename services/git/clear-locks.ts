import { readdir, readFile, readlink, realpath, rm } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { runGit } from "./run-git.ts";

/** What a clearing did: locks that are gone, and those a live git may still hold. */
export type ClearedLocks = { readonly removed: string[]; readonly kept: string[] };

/**
 * Remove the lock files that a crash left in a repository of ours, worktrees included.
 *
 * For the start of the one process that owns the repository. Workers may outlive their rig-agent,
 * so where any git still runs inside the repository or one of its worktrees all locks stay. Where
 * the system has no /proc nothing is removed.
 */
export async function clearLocks(repoDir: string): Promise<ClearedLocks> {
  const args = ["rev-parse", "--path-format=absolute", "--git-common-dir"];
  const gitDir = await realpath((await runGit(args, { cwd: repoDir })).stdout.trim());
  const locks = await findLocks(gitDir);
  if (locks.length === 0) return { removed: [], kept: [] };
  const folders = [gitDir, ...(await worktreeFolders(gitDir))];
  if (await gitRunsIn(folders)) return { removed: [], kept: locks };
  await Promise.all(locks.map((lock) => rm(lock, { force: true })));
  return { removed: locks, kept: [] };
}

async function findLocks(gitDir: string): Promise<string[]> {
  const places = [".", "refs", "worktrees", "logs", "objects/info"];
  const found = await Promise.all(
    places.map(async (place) => {
      const recursive = place !== ".";
      const names = await readdir(join(gitDir, place), { recursive }).catch(absent);
      return names
        .filter((name) => name.endsWith(".lock"))
        .map((name) => join(gitDir, place, name));
    }),
  );
  return found.flat();
}

async function worktreeFolders(gitDir: string): Promise<string[]> {
  const names = await readdir(join(gitDir, "worktrees")).catch(absent);
  const links = names.map((name) => join(gitDir, "worktrees", name, "gitdir"));
  const texts = await Promise.all(links.map((link) => readFile(link, "utf8").catch(() => "")));
  return texts.filter((text) => text !== "").map((text) => dirname(text.trim()));
}

/** Whether a process named git… works in one of the folders, or names one on its command line. */
async function gitRunsIn(folders: readonly string[]): Promise<boolean> {
  const pids = (await readdir("/proc").catch(absent)).filter((name) => /^\d+$/.test(name));
  if (pids.length === 0) return true; // No /proc: nothing is known, so nothing may be assumed.
  const seen = await Promise.all(
    pids.map(async (pid) => {
      const words = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
      if (!/(?:^|\/)git[^/]*$/.test(words[0] ?? "")) return false;
      const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => "");
      return [cwd, ...words].some((word) => folders.some((folder) => isInside(word, folder)));
    }),
  );
  return seen.includes(true);
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}

/** A folder that is not there holds nothing; any other failure is a failure. */
function absent(error: NodeJS.ErrnoException): string[] {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
  throw error;
}
