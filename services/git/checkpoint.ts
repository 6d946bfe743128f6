import type { Person } from "#services/identity/person.ts";
import { commitTree } from "./commit-tree.ts";
import { awayNotMissing, readRef, trackingRef } from "./fetch-remote.ts";
import { onBranch, pushEither, pushFrom } from "./push-own.ts";
import { quickStatus } from "./quick-status.ts";
import { refPart } from "./ref-part.ts";
import { runGit } from "./run-git.ts";
import { snapshotTree } from "./snapshot-tree.ts";

/** Where the work of one attempt at a bead is kept until it landed or was released. */
export function checkpointRef(bead: string, epoch: string): string {
  return `refs/gastown/checkpoint/${refPart(bead)}/${refPart(epoch)}`;
}

/**
 * Push all that a worktree holds, commits and uncommitted changes, to the attempt's checkpoint ref.
 *
 * The worktree does not notice: index, head and files stay as they are. The checkpoint is one
 * commit on top of the head, or the head itself where nothing is uncommitted.
 *
 * @param wanted.always also where a branch of the remote holds everything: whoever goes on with the
 *   work looks at the checkpoint alone
 * @returns the commit on the remote that holds it all; undefined when the remote's branches hold
 *   everything already
 * @throws TownError as `runGit` does when the push fails, `unavailable` also where the remote has
 *   gone; nothing local has changed then
 */
export async function pushCheckpoint(wanted: {
  readonly path: string;
  /** `origin` by default. */
  readonly remote?: string;
  readonly bead: string;
  readonly epoch: string;
  readonly author: Person;
  readonly always?: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}): Promise<string | undefined> {
  const { path, remote = "origin", bead, epoch, author, always, signal, timeoutMs } = wanted;
  const ref = checkpointRef(bead, epoch);
  const { head, dirty } = await quickStatus(path);
  const clean = dirty.length === 0;
  const tree = clean ? undefined : await snapshotTree(path);
  const last = clean ? undefined : await readRef(path, trackingRef(ref));
  if (tree === undefined) {
    if (always) {
      if ((await readRef(path, trackingRef(ref))) === head) return head;
    } else {
      const holder = await remoteHolder(path, head, trackingRef(ref));
      if (holder !== undefined) return holder === trackingRef(ref) ? head : undefined;
    }
  } else if (last && (await holds(path, last, head, tree))) return last;
  const commit =
    tree === undefined
      ? head
      : await commitTree({
          repoDir: path,
          tree,
          parents: [head],
          message: `Checkpoint of ${bead}`,
          trailers: { "Gastown-Checkpoint": `${bead} ${epoch}` },
          author,
          committer: author,
        });
  const push = (to: string) => pushFrom({ path, remote, ref: to, commit, signal, timeoutMs });
  const isBranch = (await readRef(path, trackingRef(onBranch(ref)))) !== undefined;
  await (isBranch ? push(onBranch(ref)) : pushEither(ref, push)).catch(awayNotMissing);
  // Git does this by itself for a named remote, not for one given as a URL, nor for a branch.
  await runGit(["update-ref", trackingRef(ref), commit], { cwd: path });
  return commit;
}

/**
 * Put the uncommitted changes of a checkpoint into a clean worktree that stands at its parent.
 *
 * They are uncommitted there, as they were where the checkpoint was taken.
 */
export async function restoreCheckpoint(path: string, commit: string): Promise<void> {
  await runGit(["read-tree", "-m", "-u", "HEAD", commit], { cwd: path });
  await runGit(["reset", "--quiet"], { cwd: path });
}

/** A ref that the remote is known to have and whose history has the commit; `first` if it does. */
async function remoteHolder(
  path: string,
  commit: string,
  first: string,
): Promise<string | undefined> {
  const places = [first, "refs/remotes", "refs/gastown-remote"];
  const args = ["for-each-ref", "--format=%(refname)", "--contains", commit, ...places];
  const refs = (await runGit(args, { cwd: path })).stdout.split("\n").filter((ref) => ref !== "");
  return refs.includes(first) ? first : refs[0];
}

async function holds(path: string, last: string, head: string, tree: string): Promise<boolean> {
  const args = ["log", "-1", "--format=%T%n%P", "--end-of-options", last];
  const ids = await runGit(args, { cwd: path });
  return ids.stdout === `${tree}\n${head}\n`;
}
