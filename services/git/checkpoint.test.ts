import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { agentPerson } from "#services/identity/person.ts";
import { checkpointRef, pushCheckpoint, restoreCheckpoint } from "./checkpoint.ts";
import { fetchAll, fetchRefs, readRef, trackingRef } from "./fetch-remote.ts";
import { runGit } from "./run-git.ts";
import { commitFiles, scratchRemote, writeFiles } from "./scratch-remote.ts";
import { readTrailers } from "./trailers.ts";
import { addWorktree, worktreeState } from "./worktree.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

const attempt = { bead: "al-1", epoch: "2.1", author: agentPerson("rigs/alpha/polecats/nux") };

async function polecatTree() {
  const scratch = await scratchRemote();
  const repoDir = await scratch.clone("clone");
  const path = join(scratch.dir, "nux");
  const startPoint = "refs/remotes/origin/main";
  await addWorktree({ repoDir, path, branch: "polecat/al-1/2.1", startPoint });
  return { scratch, repoDir, path };
}

test("nothing to keep is no checkpoint", async () => {
  const { scratch, path } = await polecatTree();
  await using _scratch = scratch;
  expect(await pushCheckpoint({ path, ...attempt })).toBeUndefined();
});

test("everything uncommitted is pushed while the worktree notices nothing", async () => {
  const { scratch, path } = await polecatTree();
  await using _scratch = scratch;
  const head = await commitFiles(path, { "a.txt": "a", "gone.txt": "x" }, "work");
  await writeFiles(path, { "staged.txt": "s", "a.txt": "changed", "new/ü.txt": "n" });
  await runGit(["add", "staged.txt"], { cwd: path });
  await rm(join(path, "gone.txt"));
  const before = (await runGit(["status", "--porcelain"], { cwd: path })).stdout;
  const index = (await runGit(["ls-files", "--stage"], { cwd: path })).stdout;

  const commit = (await pushCheckpoint({ path, ...attempt })) ?? "";
  expect((await runGit(["status", "--porcelain"], { cwd: path })).stdout).toBe(before);
  expect((await runGit(["ls-files", "--stage"], { cwd: path })).stdout).toBe(index);
  expect(await worktreeState(path)).toMatchObject({ head, unpushed: 0 });
  expect(await scratch.ref(checkpointRef("al-1", "2.1"))).toBe(commit);
  const listed = await runGit(["ls-tree", "-r", "-z", "--name-only", commit], { cwd: path });
  expect(listed.stdout.split("\0")).toEqual(["README.md", "a.txt", "new/ü.txt", "staged.txt", ""]);
  const shown = await runGit(["log", "-1", "--format=%P %an%n%B", commit], { cwd: path });
  expect(shown.stdout).toContain(`${head} alpha/nux`);
  expect(readTrailers(shown.stdout)).toEqual({ "Gastown-Checkpoint": "al-1 2.1" });

  expect(await pushCheckpoint({ path, ...attempt })).toBe(commit);
  await writeFiles(path, { "a.txt": "again" });
  const next = await pushCheckpoint({ path, ...attempt });
  expect(next).not.toBe(commit);
  expect(await scratch.ref(checkpointRef("al-1", "2.1"))).toBe(next);
});

test("commits alone are pushed as they are, once", async () => {
  const { scratch, path } = await polecatTree();
  await using _scratch = scratch;
  const head = await commitFiles(path, { "a.txt": "a" }, "work");
  expect(await pushCheckpoint({ path, ...attempt })).toBe(head);
  expect(await pushCheckpoint({ path, ...attempt })).toBe(head);
  expect(await scratch.ref(checkpointRef("al-1", "2.1"))).toBe(head);
});

test("another machine continues with the commits and the uncommitted changes", async () => {
  const { scratch, path } = await polecatTree();
  await using _scratch = scratch;
  const head = await commitFiles(path, { "a.txt": "a", "gone.txt": "x" }, "work");
  await writeFiles(path, { "a.txt": "half", "new.txt": "n" });
  await rm(join(path, "gone.txt"));
  const commit = (await pushCheckpoint({ path, ...attempt })) ?? "";

  const repoDir = await scratch.clone("other");
  await fetchAll({ repoDir });
  const there = join(scratch.dir, "slit");
  const branch = "polecat/al-1/3.1";
  await addWorktree({ repoDir, path: there, branch, startPoint: `${commit}^` });
  await restoreCheckpoint(there, commit);
  expect(await readFile(join(there, "a.txt"), "utf8")).toBe("half");
  const state = await worktreeState(there);
  expect(state.head).toBe(head);
  expect(state.dirty.toSorted()).toEqual(["a.txt", "gone.txt", "new.txt"]);
});

test("a remote that keeps nothing but branches gets a branch", async () => {
  const { scratch, path } = await polecatTree();
  await using _scratch = scratch;
  const hide = ["config", "receive.hideRefs", "refs/gastown"];
  await runGit(hide, { cwd: scratch.remote });
  const head = await commitFiles(path, { "a.txt": "a" }, "work");
  for (const text of ["half", "more"]) {
    await writeFiles(path, { "a.txt": text });
    const commit = (await pushCheckpoint({ path, ...attempt })) ?? "";
    const at = "refs/heads/gastown/checkpoint/al-1/2.1";
    expect(await scratch.ref(at)).toBe(commit);
    expect(await pushCheckpoint({ path, ...attempt })).toBe(commit);
    expect(await worktreeState(path)).toMatchObject({ head, unpushed: 0 });
    const repoDir = await scratch.clone(`other-${text}`);
    const tracked = trackingRef(checkpointRef("al-1", "2.1"));
    expect(await readRef(repoDir, tracked)).toBe(commit);
    await fetchRefs({ repoDir }, [checkpointRef("al-1", "2.1")]);
    await fetchAll({ repoDir });
    expect(await readRef(repoDir, tracked)).toBe(commit);
    await runGit(["update-ref", "-d", at], { cwd: scratch.remote });
    await fetchRefs({ repoDir }, [checkpointRef("al-1", "2.1")]);
    expect(await readRef(repoDir, tracked)).toBeUndefined();
    await runGit(["update-ref", at, commit], { cwd: scratch.remote });
  }
});

test.for(["git://127.0.0.1:1/x", "/nowhere/x.git"])(
  "with the remote away at %s it fails as unavailable and changes nothing",
  async (url) => {
    const { scratch, path } = await polecatTree();
    await using _scratch = scratch;
    await writeFiles(path, { "a.txt": "a" });
    await runGit(["remote", "set-url", "origin", url], { cwd: path });
    const push = pushCheckpoint({ path, ...attempt });
    await expect(push).rejects.toMatchObject({ reason: "unavailable" });
    expect(await worktreeState(path)).toMatchObject({ dirty: ["a.txt"], unpushed: 0 });
  },
);

test("many workers of one clone push while it fetches, and nobody stumbles", async () => {
  await using scratch = await scratchRemote();
  const repoDir = await scratch.clone("clone");
  const names = ["a", "b", "c", "d", "e"];
  const paths = await Promise.all(
    names.map(async (name) => {
      const path = join(scratch.dir, name);
      const startPoint = "refs/remotes/origin/main";
      await addWorktree({ repoDir, path, branch: `polecat/${name}/1.1`, startPoint });
      await writeFiles(path, { [`${name}.txt`]: name });
      return path;
    }),
  );
  const pushes = paths.map((path, at) => pushCheckpoint({ ...attempt, path, bead: `al-${at}` }));
  const fetches = names.map(() => fetchAll({ repoDir }));
  const commits = await Promise.all(pushes);
  await Promise.all(fetches);
  await fetchAll({ repoDir });
  for (const [at, commit] of commits.entries()) {
    expect(await readRef(repoDir, trackingRef(checkpointRef(`al-${at}`, "2.1")))).toBe(commit);
  }
});

test("asked for in any case, it is level with a tree that a branch holds too", async () => {
  const { scratch, path } = await polecatTree();
  await using _scratch = scratch;
  const ref = checkpointRef("al-1", "2.1");
  const start = (await worktreeState(path)).head;
  expect(await pushCheckpoint({ path, ...attempt, always: true })).toBe(start);
  expect(await scratch.ref(ref)).toBe(start);
  await writeFiles(path, { "a.txt": "not yet" });
  await pushCheckpoint({ path, ...attempt });
  const head = await commitFiles(path, { "a.txt": "a" }, "work");
  await runGit(["push", "--quiet", "origin", "HEAD"], { cwd: path });
  expect(await pushCheckpoint({ path, ...attempt })).toBeUndefined();
  expect(await scratch.ref(ref)).not.toBe(head);
  expect(await pushCheckpoint({ path, ...attempt, always: true })).toBe(head);
  expect(await scratch.ref(ref)).toBe(head);
  // Changes that were taken back are not what anybody shall go on from.
  await writeFiles(path, { "a.txt": "for a moment" });
  await pushCheckpoint({ path, ...attempt, always: true });
  await writeFiles(path, { "a.txt": "a" });
  expect(await pushCheckpoint({ path, ...attempt, always: true })).toBe(head);
  expect(await scratch.ref(ref)).toBe(head);
});
