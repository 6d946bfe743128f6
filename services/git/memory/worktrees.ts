import type { Person } from "#services/identity/person.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { checkpointRef } from "../checkpoint.ts";
import { trackingRef } from "../fetch-remote.ts";
import { pushEither, pushOwn, type pushFrom as realPushFrom } from "../push-own.ts";
import { withTrailers } from "../trailers.ts";
import type { addWorktree, WorktreeState as Held, removeWorktree } from "../worktree.ts";
import type { CloneState, MemoryDisk, WorktreeState } from "./disk.ts";
import { countBeyond, isWithin } from "./history.ts";
import { cloneAt, type MemoryGit, must, resolve } from "./memory-git.ts";
import { type Changes, type Commit, changedFiles, makeCommit, treeOfFiles } from "./objects.ts";
import { gitError } from "./remote.ts";

/** One worktree with its clone and the commit that it stands on. */
export type Standing = {
  readonly tree: WorktreeState;
  readonly clone: CloneState;
  readonly head: Commit;
};

/** A worktree of a disk as it stands. */
export function standing(disk: MemoryDisk, path: string): Standing {
  const tree = disk.worktrees.get(path);
  if (!tree) throw new TownError("not_found", `git: no folder ${path}`);
  const clone = cloneAt(disk, tree.repoDir);
  return { tree, clone, head: must(clone, tree.detached ?? `refs/heads/${tree.branch}`) };
}

/** The same as the real `worktreeState`. */
export function stateOf(disk: MemoryDisk, path: string): Held {
  const { tree, clone, head } = standing(disk, path);
  const { branch } = tree;
  const unpushed = countUnpushed(clone, head);
  return { head: head.id, branch, dirty: dirtyPaths(tree, head), unpushed };
}

/** How many commits of a history are on no ref that the remote is known to have. */
export function countUnpushed(clone: CloneState, commit: Commit): number {
  return countBeyond(
    commit,
    onRemote(clone).map((ref) => must(clone, ref)),
  );
}

function onRemote({ refs }: CloneState): string[] {
  return [...refs.keys()].filter((ref) => /^refs\/(?:remotes|gastown-remote)\//.test(ref));
}

/** Paths with changes that no commit has, in git's order; an untracked folder is one path. */
function dirtyPaths({ files }: WorktreeState, head: Commit): string[] {
  const before = head.tree.files;
  if (files === before) return [];
  const tracked = [...before.keys()].filter((path) => files.get(path) !== before.get(path));
  const added = [...files.keys()].filter((path) => !before.has(path)).sort();
  return [...tracked, ...new Set(added.map((path) => untracked(path, before)))];
}

function untracked(path: string, tracked: ReadonlyMap<string, string>): string {
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
    const folder = path.slice(0, at + 1);
    if (![...tracked.keys()].some((each) => each.startsWith(folder))) return folder;
  }
  return path;
}

/** The same as the real `addWorktree`. */
export function add(disk: MemoryDisk, wanted: Parameters<typeof addWorktree>[0]): Held {
  const { repoDir, path, branch, startPoint } = wanted;
  const clone = cloneAt(disk, repoDir);
  const existing = disk.worktrees.get(path);
  if (existing?.branch === branch) return stateOf(disk, path);
  if (existing) {
    const serves = existing.branch ?? "a detached commit";
    throw new TownError("exists", `the worktree ${path} serves ${serves}, not ${branch}`);
  }
  for (const [other, tree] of disk.worktrees) {
    if (tree.repoDir !== repoDir || tree.branch !== branch) continue;
    throw gitError("git worktree", `fatal: '${branch}' is already checked out at '${other}'`);
  }
  const ref = `refs/heads/${branch}`;
  const start = resolve(clone, ref) ?? resolve(clone, startPoint);
  if (!start) throw gitError("git worktree", `fatal: invalid reference: ${startPoint}`);
  clone.refs.set(ref, start.id);
  disk.worktrees.set(path, { repoDir, branch, files: start.tree.files });
  return stateOf(disk, path);
}

/** The same as the real `removeWorktree`. */
export function remove(disk: MemoryDisk, wanted: Parameters<typeof removeWorktree>[0]): void {
  const { path, safeCommit, released } = wanted;
  if (!disk.worktrees.has(path)) return;
  const held = released ? undefined : heldOnlyHere(disk, path, safeCommit);
  if (held) throw new TownError("state", `the worktree ${path} stays: ${held}`);
  disk.worktrees.delete(path);
}

function heldOnlyHere(disk: MemoryDisk, path: string, safe?: string): string | undefined {
  const { dirty, unpushed } = stateOf(disk, path);
  if (dirty.length === 0 && unpushed === 0) return undefined;
  const { clone, head, tree } = standing(disk, path);
  const parts = [
    unpushed > 0 ? `${unpushed} commits that are on no ref of the remote` : "",
    dirty.length > 0 ? `${dirty.length} uncommitted changes (${dirty.join(", ")})` : "",
  ];
  const held = parts.filter((part) => part !== "").join(" and ");
  if (!safe) return `it has ${held}; push a checkpoint first`;
  const kept = must(clone, safe);
  if (countUnpushed(clone, kept) > 0) return `${safe} is on no ref of the remote yet`;
  if (!isWithin(head, [kept])) return `its head ${head.id} is not part of ${safe}`;
  const isKept = dirty.length === 0 || treeOfFiles(tree.files).id === kept.tree.id;
  return isKept ? undefined : `it has changed since ${safe}, and has ${held}`;
}

/** What a checkpoint in memory is made with. */
export type CheckpointPorts = {
  readonly disk: MemoryDisk;
  readonly git: MemoryGit;
  readonly nowMs: () => number;
};

/** The same as the real `pushCheckpoint`. */
export async function pushCheckpoint(
  { disk, git, nowMs }: CheckpointPorts,
  wanted: {
    readonly path: string;
    readonly remote?: string;
    readonly bead: string;
    readonly epoch: string;
    readonly author: Person;
    readonly always?: boolean;
    readonly signal?: AbortSignal | undefined;
    readonly timeoutMs?: number | undefined;
  },
): Promise<string | undefined> {
  const { path, remote, bead, epoch, author, always, signal, timeoutMs } = wanted;
  const { tree, clone, head } = standing(disk, path);
  const ref = checkpointRef(bead, epoch);
  const last = resolve(clone, trackingRef(ref));
  let commit = head;
  if (dirtyPaths(tree, head).length === 0) {
    if (always ? last === head : last && isWithin(head, [last])) return head.id;
    const others = onRemote(clone).map((each) => must(clone, each));
    if (!always && isWithin(head, others)) return undefined;
  } else {
    const content = treeOfFiles(tree.files);
    if (last?.tree.id === content.id && last.parents[0]?.id === head.id) return last.id;
    const trailers = { "Gastown-Checkpoint": `${bead} ${epoch}` };
    commit = makeCommit({
      tree: content,
      parents: [head],
      message: withTrailers(`Checkpoint of ${bead}`, trailers),
      author,
      committer: author,
      timeSeconds: Math.floor(nowMs() / 1_000),
    });
    clone.commits.set(commit.id, commit);
  }
  const push = (to: string) =>
    pushFrom({ disk, git }, { path, remote, ref: to, commit: commit.id, signal, timeoutMs });
  await pushEither(ref, push);
  clone.refs.set(trackingRef(ref), commit.id);
  return commit.id;
}

/** The same as the real `pushFrom`. */
export async function pushFrom(
  { disk, git }: Omit<CheckpointPorts, "nowMs">,
  wanted: Parameters<typeof realPushFrom>[0],
): Promise<void> {
  const { path, ref, commit } = wanted;
  const { repoDir, pushed } = standing(disk, path).tree;
  await pushOwn(git, { ...wanted, repoDir, last: pushed?.get(ref) });
  const tree = disk.worktrees.get(path);
  if (tree) disk.worktrees.set(path, { ...tree, pushed: new Map(tree.pushed).set(ref, commit) });
}

/** Change files of a worktree, as whoever works there does. */
export function edit(disk: MemoryDisk, path: string, changes: Changes): void {
  const { tree } = standing(disk, path);
  disk.worktrees.set(path, { ...tree, files: changedFiles(tree.files, changes) });
}

/** Commit all that a worktree holds, and return the commit. */
export function commitAll(
  { disk, nowMs }: Omit<CheckpointPorts, "git">,
  path: string,
  wanted: { readonly message: string; readonly author: Person },
): string {
  const { tree, clone, head } = standing(disk, path);
  const commit = makeCommit({
    tree: treeOfFiles(tree.files),
    parents: [head],
    message: wanted.message,
    author: wanted.author,
    committer: wanted.author,
    timeSeconds: Math.floor(nowMs() / 1_000),
  });
  clone.commits.set(commit.id, commit);
  if (tree.branch !== undefined) clone.refs.set(`refs/heads/${tree.branch}`, commit.id);
  const detached = tree.branch === undefined ? { detached: commit.id } : {};
  disk.worktrees.set(path, { ...tree, ...detached, files: commit.tree.files });
  return commit.id;
}
