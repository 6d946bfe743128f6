import { expect, test } from "vitest";
import { checkpointRef } from "#services/git/checkpoint.ts";
import { memoryDisk } from "#services/git/memory/disk.ts";
import { memoryGit } from "#services/git/memory/memory-git.ts";
import { MemoryRemote } from "#services/git/memory/remote.ts";
import { polecatBranch } from "#services/git/worktree.ts";
import { agentPerson } from "#services/identity/person.ts";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { clearTree } from "./clear-tree.ts";
import { memoryPolecatGit } from "./git-memory.ts";
import { clonePath, worktreePath } from "./places.ts";
import type { PolecatSession } from "./sessions.ts";

const home = "/home";
const agent = "rigs/alpha/polecats/nux";
const author = agentPerson(agent);
const path = worktreePath(home, "alpha", "nux");
const repoDir = clonePath(home, "alpha");
const branch = polecatBranch("al-1", "1.1");
const session: PolecatSession = {
  ...{ version: 1, name: "nux-al-1-1-1-0", agent, rig: "alpha", machine: "vm-a" },
  ...{ bead: "uid-1", beadId: "al-1", epoch: "1.1.0", worktree: path, branch, token: "" },
  ...{ state: "ended", isSetUp: true, startedAtMs: 1 },
};

/** A machine with the worktree of a worker that has ended. */
async function endedWork() {
  const nowMs = () => 1_700_000_000_000;
  const remote = new MemoryRemote({ url: "memory:rig", nowMs });
  const disk = memoryDisk("vm-a");
  const remotes = new Map([[remote.url, remote]]);
  const base = memoryGit({ disk, remotes, nowMs, newNonce: () => "once" });
  const git = memoryPolecatGit({ disk, git: base, nowMs });
  await git.ensureClone(remote.url, repoDir);
  await git.addWorktree({ repoDir, path, branch, startPoint: "refs/remotes/origin/main" });
  const ledger = await openLedger({ dir: "/l", machine: "vm-a", disk: new MemoryDisk(), nowMs });
  const { signal } = new AbortController();
  return { remote, git, ports: { git, home, ledger, signal } };
}

test("a worktree stays until the remote has what it was trusted to have", async () => {
  const { remote, git, ports } = await endedWork();
  const commit = git.commit(path, { message: "work", author });
  await git.pushHead({ path, branch, target: "main" });
  git.edit(path, { "b.txt": "not committed" });
  const ref = checkpointRef("al-1", "1.1");
  const saved = await git.pushCheckpoint({ path, bead: "al-1", epoch: "1.1", author });
  expect(remote.ref(ref)).toBe(saved);
  // Nobody here is told that the remote has lost it.
  for (const each of [branch, ref]) remote.setRef(each, remote.ref("main") ?? "");
  expect(await clearTree(ports, session, true)).toEqual({ removed: true });
  expect(await git.hasTree(path)).toBe(false);
  expect(remote.commit(ref)?.tree.files.get("b.txt")).toBe("not committed");
  expect(remote.commit(ref)?.parents[0]?.id).toBe(commit);
});

test("a worktree of which nobody knows whether the remote has it stays", async () => {
  const { remote, git, ports } = await endedWork();
  git.commit(path, { message: "work", author });
  await git.pushHead({ path, branch, target: "main" });
  remote.hooks = { before: async () => ({ do: "away" }) };
  await expect(clearTree(ports, session, true)).rejects.toMatchObject({ reason: "unavailable" });
  expect(await git.hasTree(path)).toBe(true);
});
