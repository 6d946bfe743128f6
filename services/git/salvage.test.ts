import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { agentPerson } from "#services/identity/person.ts";
import { checkpointRef, pushCheckpoint } from "./checkpoint.ts";
import { fetchAll } from "./fetch-remote.ts";
import { cliGit } from "./git.ts";
import { runGit } from "./run-git.ts";
import {
  commitsAhead,
  patchBytesMax,
  pushToBranch,
  readLeftWork,
  readPatch,
  removeLeftWork,
} from "./salvage.ts";
import { commitFiles, scratchRemote, writeFiles } from "./scratch-remote.ts";
import { addWorktree, polecatBranch } from "./worktree.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

const author = agentPerson("rigs/alpha/polecats/nux");
const target = "main";

/** A remote with an attempt of `bead` that committed and then changed something more. */
async function attempted(bead = "al-1", epoch = "2.1") {
  const scratch = await scratchRemote();
  const repoDir = await scratch.clone("clone");
  const path = join(scratch.dir, "nux");
  const branch = polecatBranch(bead, epoch);
  await addWorktree({ repoDir, path, branch, startPoint: "refs/remotes/origin/main" });
  const head = await commitFiles(path, { "a.txt": "a\n" }, "work");
  await runGit(["push", "--quiet", "origin", `HEAD:refs/heads/${branch}`], { cwd: path });
  await writeFiles(path, { "b.txt": "b\n" });
  const checkpoint = (await pushCheckpoint({ path, bead, epoch, author })) ?? "";
  // Another clone, which learns of it by a fetch alone.
  const other = await scratch.clone("other");
  const read = async () => {
    await fetchAll({ repoDir: other });
    return readLeftWork({ repoDir: other, target });
  };
  return { scratch, path, branch, head, checkpoint, repoDir: other, read };
}

test("an attempt's branch and checkpoint are one piece of work, the newest first", async () => {
  const { scratch, branch, head, checkpoint, repoDir, read } = await attempted("al-1:x y", "2.10");
  await using _scratch = scratch;
  await scratch.commit({ "x.txt": "x" }, "polecat/no-epoch");
  await scratch.commit({ "x.txt": "x" }, "feature");
  const works = await read();
  expect(works).toMatchObject([{ bead: "al-1:x y", epoch: "2.10" }]);
  const refs = works[0]?.refs ?? [];
  expect(refs.map(({ ref, commit }) => [ref, commit])).toEqual([
    [checkpointRef("al-1:x y", "2.10"), checkpoint],
    [`refs/heads/${branch}`, head],
  ]);
  expect(refs.map(({ hasUncommitted, isMerged }) => [hasUncommitted, isMerged])).toEqual([
    [true, false],
    [false, false],
  ]);
  expect(Math.abs((refs[0]?.savedMs ?? 0) - Date.now())).toBeLessThan(60_000);
  const [newest, older] = refs;
  if (!newest || !older) throw new Error("two refs");
  expect(await commitsAhead(repoDir, newest, target)).toBe(1);
  expect(await commitsAhead(repoDir, older, target)).toBe(1);
});

test("what another machine's push took the place of belongs to the attempt", async () => {
  const { scratch, head, checkpoint, read } = await attempted();
  await using _scratch = scratch;
  const ref = `${checkpointRef("al-1", "2.1")}-${head.slice(0, 12)}`;
  await runGit(["update-ref", ref, head], { cwd: scratch.remote });
  await runGit(["update-ref", `${ref}-more`, head], { cwd: scratch.remote });
  const works = await read();
  expect(works).toMatchObject([{ bead: "al-1", epoch: "2.1" }]);
  expect(works[0]?.refs[0]?.commit).toBe(checkpoint);
  expect(works[0]?.refs.map((each) => each.ref)).toContain(ref);
  expect(works[0]?.refs).toHaveLength(3);
});

test("what the target has is merged", async () => {
  const { scratch, head, read } = await attempted();
  await using _scratch = scratch;
  await runGit(["update-ref", "refs/heads/main", head], { cwd: scratch.remote });
  const refs = (await read())[0]?.refs ?? [];
  expect(refs.map(({ hasUncommitted, isMerged }) => [hasUncommitted, isMerged])).toEqual([
    [true, false],
    [false, true],
  ]);
});

test("the patch is against where the work left the target, and cut where it is long", async () => {
  const { scratch, path, checkpoint, repoDir, read } = await attempted();
  await using _scratch = scratch;
  await scratch.commit({ "README.md": "# moved on\n" });
  await read();
  const { patch, isCut } = await readPatch(repoDir, checkpoint, target);
  expect(isCut).toBe(false);
  expect(patch).toContain("+++ b/a.txt");
  expect(patch).toContain("+++ b/b.txt");
  expect(patch).not.toContain("README");

  await writeFiles(path, { "long.txt": "0123456789\n".repeat(100_000) });
  const long = (await pushCheckpoint({ path, bead: "al-1", epoch: "2.1", author })) ?? "";
  await read();
  const cut = await readPatch(repoDir, long, target);
  expect(cut.isCut).toBe(true);
  expect(cut.patch).toHaveLength(patchBytesMax);
});

test("a patch of no commit fails with git's reason", async () => {
  const { scratch, repoDir } = await attempted();
  await using _scratch = scratch;
  await expect(readPatch(repoDir, "0".repeat(40), target)).rejects.toMatchObject({
    reason: "not_found",
  });
});

test("it is put on a new branch once, never over another one", async () => {
  const { scratch, head, checkpoint, repoDir, read } = await attempted();
  await using _scratch = scratch;
  await read();
  const put = { repoDir, commit: checkpoint, branch: "rescued/al-1" };
  await pushToBranch(put);
  await pushToBranch(put);
  expect(await scratch.ref("refs/heads/rescued/al-1")).toBe(checkpoint);
  await expect(pushToBranch({ ...put, commit: head })).rejects.toMatchObject({ reason: "exists" });
  await expect(pushToBranch({ ...put, branch: "main" })).rejects.toMatchObject({
    reason: "exists",
  });
  await expect(pushToBranch({ ...put, branch: "a..b" })).rejects.toMatchObject({
    reason: "invalid",
  });
  expect(await scratch.ref("refs/heads/main")).not.toBe(checkpoint);
});

test("refs are removed where they are as they were read; one that moved stays", async () => {
  const { scratch, path, branch, head, repoDir, read } = await attempted();
  await using _scratch = scratch;
  const refs = (await read())[0]?.refs ?? [];
  const later = await commitFiles(path, { "c.txt": "late" }, "late");
  const moved = { ref: checkpointRef("al-1", "2.1"), to: later, isForced: true };
  await cliGit.push({ repoDir: path, updates: [moved] });
  expect(await removeLeftWork({ repoDir, refs })).toEqual([`refs/heads/${branch}`]);
  expect(await scratch.ref(`refs/heads/${branch}`)).toBeUndefined();
  expect(await scratch.ref(checkpointRef("al-1", "2.1"))).toBe(later);
  // Again: what is gone is gone, what moved is still not ours to take.
  expect(await removeLeftWork({ repoDir, refs })).toEqual([`refs/heads/${branch}`]);
  expect(await removeLeftWork({ repoDir, refs: [] })).toEqual([]);
  expect(head).not.toBe(later);
});

test("a checkpoint that a remote has as a branch is found there, and removed there", async () => {
  const { scratch, path, repoDir, read } = await attempted();
  await using _scratch = scratch;
  await runGit(["config", "receive.hideRefs", "refs/gastown"], { cwd: scratch.remote });
  await runGit(["config", "uploadpack.hideRefs", "refs/gastown"], { cwd: scratch.remote });
  await writeFiles(path, { "c.txt": "c\n" });
  const commit = (await pushCheckpoint({ path, bead: "al-1", epoch: "2.1", author })) ?? "";
  const ref = "refs/heads/gastown/checkpoint/al-1/2.1";
  const found = (await read())[0]?.refs[0];
  expect(found).toMatchObject({ ref, commit });
  const refs = [{ ref, commit }];
  expect(await removeLeftWork({ repoDir, refs })).toEqual([ref]);
  expect(await scratch.ref(ref)).toBeUndefined();
  expect((await readLeftWork({ repoDir, target }))[0]?.refs).toHaveLength(1);
});
