import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { agentPerson } from "#services/identity/person.ts";
import { pushCheckpoint } from "./checkpoint.ts";
import { fetchAll } from "./fetch-remote.ts";
import { checkoutDetached } from "./gate-tree.ts";
import { runGit } from "./run-git.ts";
import { commitFiles, scratchRemote, writeFiles } from "./scratch-remote.ts";
import {
  addWorktree,
  listWorktrees,
  polecatBranch,
  removeWorktree,
  worktreeState,
} from "./worktree.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

const nux = agentPerson("rigs/alpha/polecats/nux");

async function polecatTree() {
  const scratch = await scratchRemote();
  const repoDir = await scratch.clone("clone");
  const wanted = {
    repoDir,
    path: join(scratch.dir, "trees", "nux"),
    branch: polecatBranch("al-1", "1.1"),
    startPoint: "refs/remotes/origin/main",
  };
  await addWorktree(wanted);
  return { scratch, wanted, repoDir, path: wanted.path };
}

test("a worktree is made once, on its own branch, and says what it holds", async () => {
  const { scratch, wanted, repoDir, path } = await polecatTree();
  await using _scratch = scratch;
  const main = await scratch.ref("refs/heads/main");
  const fresh = { head: main, branch: "polecat/al-1/1.1", dirty: [], unpushed: 0 };
  expect(await worktreeState(path)).toEqual(fresh);
  await commitFiles(path, { "a.txt": "a" }, "first");
  await writeFiles(path, { "README.md": "changed", "ü b/c.txt": "new" });
  const state = await addWorktree(wanted);
  expect(state).toMatchObject({ dirty: ["README.md", "ü b/"], unpushed: 1 });
  expect(await listWorktrees(repoDir)).toEqual([
    { path, head: state.head, branch: "polecat/al-1/1.1", locked: undefined },
  ]);
  const other = addWorktree({ ...wanted, branch: "polecat/al-2/1.1" });
  await expect(other).rejects.toMatchObject({ reason: "exists" });
  const elsewhere = addWorktree({ ...wanted, path: `${path}-2` });
  await expect(elsewhere).rejects.toThrow("already checked out");
});

test("what is in the way stays; what a crash left half made is made anew", async () => {
  const { scratch, wanted, repoDir, path } = await polecatTree();
  await using _scratch = scratch;
  await writeFiles(join(scratch.dir, "taken"), { "mine.txt": "mine" });
  const onto = { ...wanted, path: join(scratch.dir, "taken"), branch: "polecat/al-2/1.1" };
  await expect(addWorktree(onto)).rejects.toMatchObject({ reason: "exists" });

  await runGit(["worktree", "lock", "--reason", "initializing", path], { cwd: repoDir });
  await rm(join(path, "README.md"));
  expect(await addWorktree(wanted)).toMatchObject({ dirty: [] });

  await commitFiles(path, { "a.txt": "a" }, "kept by the branch");
  await rm(path, { recursive: true });
  expect(await addWorktree(wanted)).toMatchObject({ dirty: [], unpushed: 1 });
});

test("it is removed only when nothing is lost by it", async () => {
  const { scratch, repoDir, path } = await polecatTree();
  await using _scratch = scratch;
  const commit = await commitFiles(path, { "a.txt": "a" }, "work");
  await expect(removeWorktree({ repoDir, path })).rejects.toMatchObject({
    reason: "state",
    message: expect.stringContaining("1 commits that are on no ref of the remote"),
  });
  await runGit(["push", "--quiet", "origin", "HEAD:refs/heads/polecat/al-1/1.1"], { cwd: path });
  await writeFiles(path, { "b.txt": "b" });
  await expect(removeWorktree({ repoDir, path })).rejects.toThrow("1 uncommitted changes (b.txt)");
  const short = removeWorktree({ repoDir, path, safeCommit: commit });
  await expect(short).rejects.toThrow("has changed since");

  const safe = await pushCheckpoint({ path, bead: "al-1", epoch: "1.1", author: nux });
  const safeCommit = safe ?? "";
  await writeFiles(path, { "b.txt": "more" });
  await expect(removeWorktree({ repoDir, path, safeCommit })).rejects.toMatchObject({
    reason: "state",
  });
  await writeFiles(path, { "b.txt": "b" });
  await removeWorktree({ repoDir, path, safeCommit });
  expect(existsSync(path)).toBe(false);
  await removeWorktree({ repoDir, path });
});

test("a commit said to be safe is believed only when the remote has it", async () => {
  const { scratch, repoDir, path } = await polecatTree();
  await using _scratch = scratch;
  const commit = await commitFiles(path, { "a.txt": "a" }, "work");
  const told = removeWorktree({ repoDir, path, safeCommit: commit });
  await expect(told).rejects.toThrow("on no ref of the remote yet");
  await removeWorktree({ repoDir, path, released: true });
  expect(existsSync(path)).toBe(false);
});

test("landed work is safe even when its branch is gone from the remote", async () => {
  const { scratch, repoDir, path } = await polecatTree();
  await using _scratch = scratch;
  await commitFiles(path, { "a.txt": "a" }, "work");
  await runGit(["push", "--quiet", "origin", "HEAD:refs/heads/main"], { cwd: path });
  await fetchAll({ repoDir });
  await removeWorktree({ repoDir, path });
});

test("a gate tree goes from commit to commit, clean but for ignored files", async () => {
  await using scratch = await scratchRemote();
  const repoDir = await scratch.clone("clone");
  const path = join(scratch.dir, "gate");
  const first = await scratch.commit({ ".gitignore": "cache/\n", "a.txt": "1" });
  const second = await scratch.commit({ "a.txt": "2" });
  await fetchAll({ repoDir });
  await checkoutDetached({ repoDir, path, commit: first });
  await writeFiles(path, { "cache/x": "kept", "left.txt": "by a gate", "a.txt": "overwritten" });
  await runGit(["init", "--quiet", "nested"], { cwd: path });
  await writeFiles(repoDir, { "worktrees/gate/index.lock": "" });
  await checkoutDetached({ repoDir, path, commit: second });
  const state = await worktreeState(path);
  expect(state).toEqual({ head: second, branch: undefined, dirty: [], unpushed: 0 });
  expect(existsSync(join(path, "cache/x"))).toBe(true);
  expect(existsSync(join(path, "nested"))).toBe(false);
});
