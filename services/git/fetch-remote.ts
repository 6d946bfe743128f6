import { resolve } from "node:path";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import { inTurn } from "./in-turn.ts";
import { runGit } from "./run-git.ts";

/** Where a fetch goes and how long it may take. */
export type FetchOptions = {
  readonly repoDir: string;
  /** `origin` by default. */
  readonly remote?: string;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
};

const checkpoints = "refs/gastown/checkpoint/";

/** Where checkpoints are at a remote that keeps nothing but branches; tracked like any others. */
export const checkpointBranches = "refs/heads/gastown/checkpoint/";

/** What a clone of ours fetches: branches, and everything that Gas Town keeps beside them. */
export const fetchRefspecs: readonly string[] = [
  "+refs/heads/*:refs/remotes/origin/*",
  "+refs/gastown/*:refs/gastown-remote/*",
  `+${checkpointBranches}*:refs/gastown-remote/checkpoint/*`,
];

/** Where a ref of the remote is found in a clone of ours after a fetch. */
export function trackingRef(ref: string): string {
  if (ref.startsWith("refs/heads/")) return ref.replace("refs/heads/", "refs/remotes/origin/");
  if (ref.startsWith("refs/gastown/")) return ref.replace("refs/gastown/", "refs/gastown-remote/");
  throw new TownError("invalid", `${ref} is neither a branch nor a ref of Gas Town`);
}

/** Bring a clone level with its remote, deletions included. */
export async function fetchAll(options: FetchOptions): Promise<void> {
  await fetchSpecs(options, fetchRefspecs);
}

/**
 * Bring single refs level with the remote, in one round trip; one that is gone there is gone here.
 *
 * @param refs full names, `refs/heads/main`
 */
export async function fetchRefs(options: FetchOptions, refs: readonly string[]): Promise<void> {
  // A name without a star fails the whole fetch when the remote lacks it, and is never pruned.
  const specs = refs.flatMap((ref) => {
    const custom = ref.replace(checkpointBranches, checkpoints);
    const own = `+${ref}*:${trackingRef(ref)}*`;
    if (!custom.startsWith(checkpoints)) return [own];
    const either = [custom, custom.replace(checkpoints, checkpointBranches)];
    return [own, ...either.map((name) => `+${name}*:${trackingRef(custom)}*`)];
  });
  await fetchSpecs(options, [...new Set(specs)]);
}

async function fetchSpecs(options: FetchOptions, specs: readonly string[]): Promise<void> {
  const { repoDir, remote = "origin", signal, timeoutMs } = options;
  const args = ["fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", remote];
  // Two fetches into one repository would trip over each other's ref locks.
  await inTurn(resolve(repoDir), async () => {
    for (let left = triesMax - 1; ; left -= 1) {
      try {
        await runGit([...args, ...specs], { cwd: repoDir, signal, timeoutMs });
        return;
      } catch (error) {
        // A worker's push that moves the same tracking ref meanwhile; what it wrote is right too.
        if (left === 0 || !isTownError(error, "stale")) awayNotMissing(error);
      }
    }
  });
}

const triesMax = 4;

/** A remote that was there when the clone was made, and now is not, is away: worth trying again. */
export function awayNotMissing(error: unknown): never {
  if (isTownError(error, "not_found")) {
    throw new TownError("unavailable", error.message, { cause: error });
  }
  throw error;
}

/** The commit a ref of this repository names, or undefined. Does not ask the remote. */
export async function readRef(repoDir: string, ref: string): Promise<string | undefined> {
  const args = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`];
  const { code, stdout } = await runGit(args, { cwd: repoDir, okCodes: [0, 1] });
  return code === 0 ? stdout.trim() : undefined;
}

/** Whether `commit` is in the history of `of`; false where either is unknown here. */
export async function isReachable(repoDir: string, commit: string, of: string): Promise<boolean> {
  const args = ["merge-base", "--is-ancestor", commit, of];
  const { code } = await runGit(args, { cwd: repoDir, okCodes: [0, 1, 128] });
  return code === 0;
}
