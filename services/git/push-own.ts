import { isTownError } from "#services/rpc/town-error.ts";
import { checkpointBranches, readRef, trackingRef } from "./fetch-remote.ts";
import { cliGit, type Git } from "./git.ts";
import { runGit } from "./run-git.ts";

/** What a push of an attempt's work needs of git. */
export type OwnPushGit = Pick<Git, "push" | "fetchRefs" | "readRef" | "isReachable">;

/** One attempt's work, on its way to the ref that only this attempt writes. */
export type OwnPush = {
  readonly repoDir: string;
  readonly remote?: string | undefined;
  readonly ref: string;
  readonly commit: string;
  /** What the same worktree put there last, whatever a fetch has brought since. */
  readonly last: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
};

const checkpoints = "refs/gastown/checkpoint/";
const branches = "refs/heads/polecat/";
const triesMax = 4;

/** The same checkpoint at a remote that keeps nothing but branches. */
export function onBranch(ref: string): string {
  return ref.replace(checkpoints, checkpointBranches);
}

/**
 * Move an attempt's ref to a commit of its worktree, wherever it is now.
 *
 * What stands there and is not what this worktree put there is kept under a ref of its own first:
 * a second machine made of a copy of the disk has the same attempt and another worktree, and what
 * it pushed may be the only copy of work that nobody else has.
 */
export async function pushOwn(git: OwnPushGit, wanted: OwnPush): Promise<void> {
  const { repoDir, remote, ref, commit, signal, timeoutMs } = wanted;
  const place = { repoDir, ...(remote !== undefined && { remote }), signal, timeoutMs };
  let lease = wanted.last ?? "";
  for (let left = triesMax - 1; ; left -= 1) {
    try {
      await git.push({ ...place, updates: [{ ref, to: commit, lease }] });
      return;
    } catch (error) {
      if (left === 0 || !isTownError(error, "stale")) throw error;
    }
    await git.fetchRefs(place, [ref]);
    lease = (await git.readRef(repoDir, trackingRef(ref))) ?? "";
    if (lease === "" || (await git.isReachable(repoDir, lease, commit))) continue;
    const update = { ref: keptRef(ref, lease), to: lease };
    await pushEither(update.ref, (at) => git.push({ ...place, updates: [{ ...update, ref: at }] }));
  }
}

/** The same for a worktree of the real git, which remembers what it put where until it goes. */
export async function pushFrom(
  wanted: Omit<OwnPush, "repoDir" | "last"> & { readonly path: string },
): Promise<void> {
  const { path, ref, commit } = wanted;
  // Not what the remote is known to have: a fetch for somebody else moves that.
  const mine = ref.replace("refs/", "refs/worktree/");
  await pushOwn(cliGit, { ...wanted, repoDir: path, last: await readRef(path, mine) });
  await runGit(["update-ref", mine, commit], { cwd: path });
}

/**
 * Push to a checkpoint ref or, where the remote refuses what is no branch, to a branch.
 *
 * @returns the ref that it went to
 */
export async function pushEither(
  ref: string,
  push: (ref: string) => Promise<void>,
): Promise<string> {
  try {
    await push(ref);
    return ref;
  } catch (error) {
    const isRefused = isTownError(error, "denied") && error.message.includes("rejected]");
    const branch = onBranch(ref);
    if (!isRefused || branch === ref) throw error;
    await push(branch);
    return branch;
  }
}

/** Where a commit that stood at an attempt's ref is kept when somebody else's takes its place. */
function keptRef(ref: string, commit: string): string {
  return `${ref.replace(branches, checkpoints)}-${commit.slice(0, 12)}`;
}
