import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { checkpointRef } from "#services/git/checkpoint.ts";
import { trackingRef } from "#services/git/fetch-remote.ts";
import { attempt, benches, branch, polecatTree } from "./git-contract.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

test.for(benches)("a worktree is made once, and says what it holds ($name)", async ({ open }) => {
  const { bench, git, repoDir, path, wanted } = await polecatTree(open);
  await using _bench = bench;
  expect([await git.hasTree(repoDir), await git.hasTree(path)]).toEqual([true, true]);
  const main = await bench.remoteRef("main");
  const fresh = { head: main, branch, dirty: [], unpushed: 0 };
  expect(await git.worktreeState(path)).toEqual(fresh);
  await bench.commit(path, { "a.txt": "a", "sub/a.txt": "a" });
  await bench.edit(path, {
    "README.md": "changed",
    "new/c.txt": "c",
    "sub/b.txt": "b",
    "a.txt": undefined,
  });
  const held = { dirty: ["README.md", "a.txt", "new/", "sub/b.txt"], unpushed: 1 };
  expect(await git.addWorktree(wanted)).toMatchObject(held);
  const other = git.addWorktree({ ...wanted, branch: "polecat/al-2/1.1" });
  await expect(other).rejects.toMatchObject({ reason: "exists" });
  const elsewhere = git.addWorktree({ ...wanted, path: `${path}-2` });
  await expect(elsewhere).rejects.toThrow("already checked out");
  const unknown = { ...wanted, path: `${path}-3`, branch: "x", startPoint: "refs/heads/nothing" };
  await expect(git.addWorktree(unknown)).rejects.toMatchObject({ reason: "not_found" });
  await expect(git.worktreeState(`${path}-4`)).rejects.toMatchObject({ reason: "not_found" });
});

test.for(benches)("it is removed only when nothing is lost by it ($name)", async ({ open }) => {
  const { bench, git, repoDir, path } = await polecatTree(open);
  await using _bench = bench;
  const commit = await bench.commit(path, { "a.txt": "a" });
  const bare = git.removeWorktree({ repoDir, path });
  await expect(bare).rejects.toThrow("1 commits that are on no ref of the remote");
  const told = git.removeWorktree({ repoDir, path, safeCommit: commit });
  await expect(told).rejects.toThrow("on no ref of the remote yet");
  expect(await git.pushHead({ path, branch, target: "main" })).toEqual({ commit, ahead: 1 });
  expect(await bench.remoteRef(branch)).toBe(commit);
  await bench.edit(path, { "b.txt": "b" });
  const beside = (await bench.remoteRef("main")) ?? "";
  const apart = git.removeWorktree({ repoDir, path, safeCommit: beside });
  await expect(apart).rejects.toThrow(`is not part of ${beside}`);
  const dirty = git.removeWorktree({ repoDir, path });
  await expect(dirty).rejects.toThrow("1 uncommitted changes (b.txt)");
  const short = git.removeWorktree({ repoDir, path, safeCommit: commit });
  await expect(short).rejects.toThrow("has changed since");
  const safeCommit = (await git.pushCheckpoint({ path, ...attempt })) ?? "";
  await bench.edit(path, { "b.txt": "more" });
  const later = git.removeWorktree({ repoDir, path, safeCommit });
  await expect(later).rejects.toMatchObject({ reason: "state" });
  await bench.edit(path, { "b.txt": "b" });
  await git.removeWorktree({ repoDir, path, safeCommit });
  expect(await git.hasTree(path)).toBe(false);
  await git.removeWorktree({ repoDir, path });
});

test.for(benches)(
  "what was released goes, and its branch brings the commits back ($name)",
  async ({ open }) => {
    const { bench, git, repoDir, path, wanted } = await polecatTree(open);
    await using _bench = bench;
    const head = await bench.commit(path, { "a.txt": "a" });
    await git.removeWorktree({ repoDir, path, released: true });
    expect(await git.addWorktree(wanted)).toMatchObject({ head, dirty: [], unpushed: 1 });
  },
);

test.for(benches)(
  "a checkpoint holds all that is not on the remote yet, once ($name)",
  async ({ open }) => {
    const { bench, git, path, repoDir } = await polecatTree(open);
    await using _bench = bench;
    expect(await git.pushCheckpoint({ path, ...attempt })).toBeUndefined();
    const head = await bench.commit(path, { "a.txt": "a", "gone.txt": "x" });
    expect(await git.pushCheckpoint({ path, ...attempt })).toBe(head);
    expect(await git.pushCheckpoint({ path, ...attempt })).toBe(head);
    expect(await git.checkpointParent(repoDir, head)).toBeUndefined();
    const before = await git.snapshot(path);
    await bench.edit(path, { "a.txt": "half", "gone.txt": undefined });
    expect(await git.snapshot(path)).not.toBe(before);
    const commit = (await git.pushCheckpoint({ path, ...attempt })) ?? "";
    expect(await git.pushCheckpoint({ path, ...attempt })).toBe(commit);
    const ref = checkpointRef("al-1", "1.1");
    expect(await bench.remoteRef(ref)).toBe(commit);
    expect(await git.readRef(repoDir, trackingRef(ref))).toBe(commit);
    expect(await git.checkpointParent(repoDir, commit)).toBe(head);
    expect(await git.isReachable(repoDir, head, commit)).toBe(true);
    expect(await git.worktreeState(path)).toMatchObject({ head, unpushed: 0 });
    expect((await git.committedMs(repoDir, commit)) ?? 0).toBeGreaterThan(1_600_000_000_000);
    expect(await git.committedMs(repoDir, "0".repeat(40))).toBeUndefined();

    const there = `${path}-2`;
    const again = { repoDir, path: there, branch: "polecat/al-1/2.1", startPoint: head };
    await git.addWorktree(again);
    await git.restoreCheckpoint(there, commit);
    expect(await git.snapshot(there)).toBe(await git.snapshot(path));
    const { dirty } = await git.worktreeState(there);
    expect(dirty.toSorted()).toEqual(["a.txt", "gone.txt"]);
  },
);

test.for(benches)(
  "a remote that keeps nothing but branches has checkpoints all the same ($name)",
  async ({ open }) => {
    const { bench, git, path, repoDir } = await polecatTree(open);
    await using _bench = bench;
    await bench.refuseCustomRefs();
    for (const text of ["half", "more"]) {
      await bench.edit(path, { "a.txt": text });
      const commit = (await git.pushCheckpoint({ path, ...attempt })) ?? "";
      expect(await bench.remoteRef("gastown/checkpoint/al-1/1.1")).toBe(commit);
      const tracked = trackingRef(checkpointRef("al-1", "1.1"));
      expect(await git.readRef(repoDir, tracked)).toBe(commit);
      await git.fetchRefs({ repoDir }, [checkpointRef("al-1", "1.1")]);
      expect(await git.readRef(repoDir, tracked)).toBe(commit);
      await git.ensureClone(bench.url, `${repoDir}-${text}`);
      expect(await git.readRef(`${repoDir}-${text}`, tracked)).toBe(commit);
      expect(await git.worktreeState(path)).toMatchObject({ unpushed: 0 });
    }
  },
);

test.for(benches)(
  "two machines of one disk overwrite nothing of each other ($name)",
  async ({ open }) => {
    const { bench, git, path, repoDir } = await polecatTree(open);
    await using _bench = bench;
    const ref = checkpointRef("al-1", "1.1");
    const kept = (commit: string) => bench.remoteRef(`${ref}-${commit.slice(0, 12)}`);
    await bench.edit(path, { "a.txt": "both" });
    const both = (await git.pushCheckpoint({ path, ...attempt })) ?? "";
    const other = await bench.copy();
    const there = join(other.dir, "nux");
    await bench.edit(path, { "a.txt": "one" });
    const one = (await git.pushCheckpoint({ path, ...attempt })) ?? "";
    expect(await kept(both)).toBeUndefined();
    // A fetch for somebody else's sake makes nobody the owner of what it brings.
    await other.git.fetchRefs({ repoDir: join(other.dir, "repo.git") }, [ref]);
    await other.edit(there, { "a.txt": "two" });
    const two = (await other.git.pushCheckpoint({ path: there, ...attempt })) ?? "";
    expect([await bench.remoteRef(ref), await kept(one)]).toEqual([two, one]);
    await bench.edit(path, { "a.txt": "more" });
    const more = (await git.pushCheckpoint({ path, ...attempt })) ?? "";
    expect([await bench.remoteRef(ref), await kept(two)]).toEqual([more, two]);
    expect(await git.readRef(repoDir, trackingRef(ref))).toBe(more);

    const push = { branch, target: "main" };
    const mine = await bench.commit(path, { "a.txt": "mine" });
    await git.pushHead({ path, ...push });
    const theirs = await other.commit(there, { "a.txt": "theirs" });
    await other.git.pushHead({ path: there, ...push });
    expect([await bench.remoteRef(branch), await kept(mine)]).toEqual([theirs, mine]);
  },
);

test.for(benches)(
  "what a remote that keeps branches alone had of another machine stays ($name)",
  async ({ open }) => {
    const { bench, git, path } = await polecatTree(open);
    await using _bench = bench;
    await bench.refuseCustomRefs();
    const other = await bench.copy();
    const there = join(other.dir, "nux");
    await bench.edit(path, { "a.txt": "one" });
    const one = (await git.pushCheckpoint({ path, ...attempt })) ?? "";
    await other.edit(there, { "a.txt": "two" });
    const two = (await other.git.pushCheckpoint({ path: there, ...attempt })) ?? "";
    const ref = "gastown/checkpoint/al-1/1.1";
    expect(await bench.remoteRef(ref)).toBe(two);
    expect(await bench.remoteRef(`${ref}-${one.slice(0, 12)}`)).toBe(one);
    const mine = await bench.commit(path, { "a.txt": "mine" });
    await git.pushHead({ path, branch, target: "main" });
    await other.commit(there, { "a.txt": "theirs" });
    await other.git.pushHead({ path: there, branch, target: "main" });
    expect(await bench.remoteRef(`${ref}-${mine.slice(0, 12)}`)).toBe(mine);
  },
);

test.for(benches)(
  "a fetch brings what people pushed; a clone of nothing is not there ($name)",
  async ({ open }) => {
    const { bench, git, repoDir } = await polecatTree(open);
    await using _bench = bench;
    const main = await bench.humanCommit({ "h.txt": "h" });
    expect(await git.isReachable(repoDir, main, "refs/remotes/origin/main")).toBe(false);
    await git.fetchRefs({ repoDir }, ["refs/heads/main"]);
    expect(await git.readRef(repoDir, "refs/remotes/origin/main")).toBe(main);
    const next = await bench.humanCommit({ "h.txt": "i" });
    await git.ensureClone(bench.url, repoDir);
    expect(await git.readRef(repoDir, "refs/remotes/origin/main")).toBe(next);
    const none = git.ensureClone(`${bench.url}-none`, `${repoDir}-none`);
    await expect(none).rejects.toMatchObject({ reason: "not_found" });
    expect(await git.hasTree(`${repoDir}-none`)).toBe(false);
    expect(await git.clearLocks(repoDir)).toEqual({ removed: [], kept: [] });
  },
);
