import { TownError } from "#services/rpc/town-error.ts";
import type { CloneOptions } from "../bare-clone.ts";
import {
  awayNotMissing,
  checkpointBranches,
  type FetchOptions,
  trackingRef,
} from "../fetch-remote.ts";
import { type Git, type LogWanted, pushArgs } from "../git.ts";
import { withTrailers } from "../trailers.ts";
import type { CloneState, MemoryDisk } from "./disk.ts";
import { firstParents, isWithin, logEntry, wholeHistory } from "./history.ts";
import { mergeCommits } from "./merge.ts";
import { type Commit, makeCommit, noFiles, type Tree } from "./objects.ts";
import { copyHistory, gitError, type MemoryRemote } from "./remote.ts";

/** What a git in memory works on. */
export type MemoryGitPorts = {
  /** The disk of the machine that it runs on. */
  readonly disk: MemoryDisk;
  /** By the URL that a clone has. */
  readonly remotes: ReadonlyMap<string, MemoryRemote>;
  readonly nowMs: () => number;
  readonly newNonce: () => string;
};

/** A git in memory, with what else a machine asks of one. */
export type MemoryGit = Git & {
  readonly fetchAll: (options: FetchOptions) => Promise<void>;
  readonly ensureClone: (url: string, dir: string, options?: CloneOptions) => Promise<void>;
};

/** A git that works in memory alone: no process, no file, no time or randomness of its own. */
export function memoryGit(ports: MemoryGitPorts): MemoryGit {
  const { disk } = ports;
  const clone = (dir: string) => cloneAt(disk, dir);
  const fetchAll = (options: FetchOptions) =>
    fetchMatching(ports, options, ["refs/heads/", "refs/gastown/"]);
  return {
    fetchRefs: (options, refs) => fetchMatching(ports, options, refs),
    fetchAll,
    ensureClone: (url, dir, options = {}) => ensureClone(ports, url, dir, options),
    readRef: async (repoDir, ref) => resolve(clone(repoDir), ref)?.id,
    isReachable: async (repoDir, commit, of) => {
      const [one, other] = [resolve(clone(repoDir), commit), resolve(clone(repoDir), of)];
      return one !== undefined && other !== undefined && isWithin(one, [other]);
    },
    log: async (wanted) => log(clone(wanted.repoDir), wanted),
    commitTree: async (wanted) => {
      const repository = clone(wanted.repoDir);
      const commit = makeCommit({
        tree: treeNamed(repository, wanted.tree),
        parents: wanted.parents.map((parent) => must(repository, parent)),
        message: withTrailers(wanted.message, wanted.trailers),
        author: wanted.author,
        committer: wanted.committer,
        timeSeconds: Math.floor(ports.nowMs() / 1_000),
      });
      repository.commits.set(commit.id, commit);
      return commit.id;
    },
    emptyTree: async (repoDir) => keep(clone(repoDir), noFiles),
    treeOf: async (repoDir, commit) => keep(clone(repoDir), must(clone(repoDir), commit).tree),
    mergeTrees: async (repoDir, target, branch) => {
      const repository = clone(repoDir);
      const merged = mergeCommits(must(repository, target), must(repository, branch));
      if (!merged) throw gitError("git merge-tree", "refusing to merge unrelated histories");
      if ("conflicts" in merged) return { kind: "conflict", paths: merged.conflicts };
      return { kind: "tree", tree: keep(repository, merged.tree) };
    },
    push: async (wanted) => {
      const { repoDir, remote, updates, atomic = false, signal, timeoutMs } = wanted;
      const repository = clone(repoDir);
      const shown = `git ${pushArgs(wanted).join(" ")} (in ${repoDir})`;
      const asker = { who: disk.who, commits: repository.commits, signal, timeoutMs };
      await remoteOf(ports, repository, remote).push(asker, { updates, atomic }, shown, (moved) => {
        for (const { ref, to } of moved) setRef(repository, trackingRef(ref), to);
      });
    },
    newNonce: ports.newNonce,
  };
}

/** A clone of a disk. */
export function cloneAt(disk: MemoryDisk, dir: string): CloneState {
  const clone = disk.clones.get(dir);
  if (!clone) throw new TownError("not_found", `git: no folder ${dir}`);
  return clone;
}

/** A commit by its id, a ref's name, or either with a `^` for the parent. */
export function resolve(clone: CloneState, name: string): Commit | undefined {
  if (name.endsWith("^")) return resolve(clone, name.slice(0, -1))?.parents[0];
  return clone.commits.get(clone.refs.get(name) ?? name);
}

/** The same, where there must be one. */
export function must(clone: CloneState, name: string): Commit {
  const commit = resolve(clone, name);
  if (!commit) throw gitError("git", `fatal: Not a valid object name ${name}`);
  return commit;
}

/** Move or remove a ref of a clone. */
export function setRef(clone: CloneState, ref: string, to: string | undefined): void {
  if (to === undefined) clone.refs.delete(ref);
  else clone.refs.set(ref, to);
}

function treeNamed(clone: CloneState, id: string): Tree {
  const tree = clone.trees.get(id) ?? clone.commits.get(id)?.tree;
  if (!tree) throw gitError("git commit-tree", `fatal: not a valid object name ${id}`);
  return tree;
}

function keep(clone: CloneState, tree: Tree): string {
  clone.trees.set(tree.id, tree);
  return tree.id;
}

function remoteOf({ remotes }: MemoryGitPorts, clone: CloneState, name = "origin"): MemoryRemote {
  const url = name === "origin" ? clone.url : name;
  const remote = remotes.get(url);
  if (!remote) awayNotMissing(gitError("git", `fatal: repository '${url}' does not exist`));
  return remote;
}

function log(clone: CloneState, wanted: LogWanted) {
  const { max = Number.POSITIVE_INFINITY, isFirstParent = true, trailers } = wanted;
  const tip = must(clone, wanted.tip);
  const since = wanted.since === undefined ? undefined : must(clone, wanted.since);
  const found = [];
  for (const commit of isFirstParent ? firstParents(tip, since) : wholeHistory(tip, since)) {
    if (found.length >= max) break;
    const isWanted = (trailer: string) => commit.message.includes(`\n${trailer}: `);
    if (!trailers || trailers.some(isWanted)) found.push(logEntry(commit));
  }
  return found;
}

/** Bring what the remote has below these names; what it has no more is forgotten here too. */
async function fetchMatching(
  ports: MemoryGitPorts,
  options: FetchOptions,
  prefixes: readonly string[],
): Promise<void> {
  const { repoDir, remote: name, signal, timeoutMs } = options;
  const clone = cloneAt(ports.disk, repoDir);
  const remote = remoteOf(ports, clone, name);
  const asker = { who: ports.disk.who, commits: clone.commits, signal, timeoutMs };
  const refs = await remote.fetch(asker, `git fetch ${remote.url} (in ${repoDir})`);
  const found = new Map<string, string>();
  for (const [ref, commit] of refs) {
    for (const [from, to] of refspecs(prefixes)) {
      if (!ref.startsWith(from)) continue;
      copyHistory(commit, clone.commits);
      found.set(to + ref.slice(from.length), commit.id);
    }
  }
  const tracked = prefixes.map(trackingRef);
  for (const ref of clone.refs.keys()) {
    const isFetched = tracked.some((prefix) => ref.startsWith(prefix));
    if (isFetched && !found.has(ref)) clone.refs.delete(ref);
  }
  for (const [ref, commit] of found) clone.refs.set(ref, commit);
}

const checkpoints = "refs/gastown/checkpoint/";

/** What a fetch of these names takes from where, and where it puts it. */
function refspecs(prefixes: readonly string[]): [from: string, to: string][] {
  return prefixes.flatMap((prefix): [string, string][] => {
    const own: [string, string] = [prefix, trackingRef(prefix)];
    if (checkpoints.startsWith(prefix)) {
      return [own, [checkpointBranches, trackingRef(checkpoints)]];
    }
    const branch = prefix.replace(checkpoints, checkpointBranches);
    return branch === prefix ? [own] : [own, [branch, trackingRef(prefix)]];
  });
}

async function ensureClone(
  ports: MemoryGitPorts,
  url: string,
  dir: string,
  options: CloneOptions,
): Promise<void> {
  const { disk, remotes } = ports;
  const known = disk.clones.get(dir);
  if (known) known.url = url;
  const remote = remotes.get(url);
  if (!known && !remote) throw gitError("git fetch", `fatal: repository '${url}' does not exist`);
  const made = known ?? { url, refs: new Map(), commits: new Map(), trees: new Map() };
  // It appears whole or not at all.
  const staged: MemoryDisk = { ...disk, clones: new Map([[dir, made]]) };
  await fetchMatching({ ...ports, disk: staged }, { repoDir: dir, ...options }, [
    "refs/heads/",
    "refs/gastown/",
  ]);
  if (!known && !disk.clones.has(dir)) disk.clones.set(dir, made);
}
