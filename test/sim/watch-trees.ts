import { isWithin, wholeHistory } from "#services/git/memory/history.ts";
import { resolve } from "#services/git/memory/memory-git.ts";
import { type Commit, treeOfFiles } from "#services/git/memory/objects.ts";
import type { MemoryRemote } from "#services/git/memory/remote.ts";
import { standing } from "#services/git/memory/worktrees.ts";
import type { MemoryPolecatGit } from "../../rig-agent/polecat/git-memory.ts";
import type { PolecatSession } from "../../rig-agent/polecat/sessions.ts";
import type { Destroyed, Observation } from "../invariants/observation.ts";
import type { Host } from "./host.ts";

/** What a watcher of worktrees has to know. */
export type TreePorts = {
  readonly host: Host;
  /** The remote that a clone of a rig has. */
  readonly remoteOf: (repoDir: string) => MemoryRemote | undefined;
  /** Whether the work of a bead has landed, as the one who removes its tree knows. */
  readonly hasLanded: (bead: string) => boolean;
  readonly nowMs: () => number;
  readonly see: (seen: Observation) => void;
};

/** A git of polecats of which is taken down what a worktree held that it removed. */
export function watchTrees(git: MemoryPolecatGit, ports: TreePorts): MemoryPolecatGit {
  return {
    ...git,
    removeWorktree: async (wanted) => {
      const seen = destroyed(ports, wanted.path);
      await git.removeWorktree(wanted);
      if (seen && !ports.host.git.worktrees.has(wanted.path)) ports.see(seen);
    },
  };
}

function destroyed(ports: TreePorts, path: string): Destroyed | undefined {
  const { host, nowMs } = ports;
  const { git } = host;
  if (!git.worktrees.has(path)) return undefined;
  const session = newestAt(host, path);
  const { tree, clone, head } = standing(git, path);
  const remote = ports.remoteOf(tree.repoDir);
  const target = remote?.commit("main") ?? resolve(clone, "refs/remotes/origin/main");
  const content = treeOfFiles(tree.files);
  const commits = wholeHistory(head, target).map(({ id }) => id);
  const isDirty = content.id !== head.tree.id;
  const held = heldBy(remote, head, commits);
  const isContentHeld = isDirty && holdsTree(remote, content.id);
  const bead = session?.bead ?? "";
  return {
    ...{ kind: "destroyed", atMs: nowMs(), what: "worktree", machine: host.name, bead },
    epoch: session?.epoch ?? "",
    work: [...commits, ...(isDirty ? [content.id] : [])],
    held: [...held, ...(isContentHeld ? [content.id] : [])],
    isFree: ports.hasLanded(bead),
  };
}

function newestAt({ sessions }: Host, path: string): PolecatSession | undefined {
  const own = [...sessions.values()].filter(({ worktree }) => worktree === path);
  return own.sort((a, b) => b.startedAtMs - a.startedAtMs)[0];
}

/** Those of a tree's own commits that a ref of the remote has. */
function heldBy(
  remote: MemoryRemote | undefined,
  head: Commit,
  commits: readonly string[],
): string[] {
  const tips = [...(remote?.refs().values() ?? [])];
  if (isWithin(head, tips)) return [...commits];
  return commits.filter((id) => {
    const commit = remote?.commit(id);
    return commit !== undefined && isWithin(commit, tips);
  });
}

function holdsTree(remote: MemoryRemote | undefined, tree: string): boolean {
  for (const { tree: held } of remote?.refs().values() ?? []) if (held.id === tree) return true;
  return false;
}
