import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { ensureClone } from "./bare-clone.ts";
import { clearLocks } from "./clear-locks.ts";
import { fetchAll, fetchRefs, readRef } from "./fetch-remote.ts";
import { runGit } from "./run-git.ts";
import { scratchRemote } from "./scratch-remote.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

test("a clone has the remote's branches and Gas Town's refs, and follows both", async () => {
  await using scratch = await scratchRemote();
  const first = await scratch.ref("refs/heads/main");
  await runGit(["update-ref", "refs/gastown/authority", `${first}`], { cwd: scratch.remote });
  const repoDir = await scratch.clone("clone");
  expect(await readRef(repoDir, "refs/remotes/origin/main")).toBe(first);
  expect(await readRef(repoDir, "refs/gastown-remote/authority")).toBe(first);

  const second = await scratch.commit({ "a.txt": "a" });
  await runGit(["update-ref", "-d", "refs/gastown/authority"], { cwd: scratch.remote });
  await Promise.all([fetchAll({ repoDir }), fetchAll({ repoDir }), fetchAll({ repoDir })]);
  expect(await readRef(repoDir, "refs/remotes/origin/main")).toBe(second);
  expect(await readRef(repoDir, "refs/gastown-remote/authority")).toBeUndefined();

  const third = await scratch.commit({ "a.txt": "b" });
  await fetchRefs({ repoDir }, ["refs/heads/main", "refs/gastown/authority"]);
  expect(await readRef(repoDir, "refs/remotes/origin/main")).toBe(third);
});

test("making it again keeps what is local and takes a new address", async () => {
  await using scratch = await scratchRemote();
  const repoDir = await scratch.clone("clone");
  await runGit(["branch", "polecat/x/1.1", "origin/main"], { cwd: repoDir });
  const moved = `${scratch.remote}.moved`;
  await rename(scratch.remote, moved);
  await expect(fetchAll({ repoDir })).rejects.toMatchObject({ reason: "unavailable" });
  await ensureClone(moved, repoDir);
  await ensureClone(moved, repoDir);
  expect(await readRef(repoDir, "refs/heads/polecat/x/1.1")).toBeDefined();
  const specs = await runGit(["config", "--get-all", "remote.origin.fetch"], { cwd: repoDir });
  expect(specs.stdout.trim().split("\n")).toHaveLength(3);
  expect((await runGit(["config", "core.fsync"], { cwd: repoDir })).stdout.trim()).toBe("all");
});

test("several who need it at once get one clone", async () => {
  await using scratch = await scratchRemote();
  const clones = await Promise.all(["x", "x", "x", "x"].map((name) => scratch.clone(name)));
  expect(await readRef(clones[0] ?? "", "refs/remotes/origin/main")).toBeDefined();
});

test("what is in the way stays; a missing remote leaves nothing", async () => {
  await using scratch = await scratchRemote();
  const taken = join(scratch.dir, "taken");
  await mkdir(taken);
  await expect(ensureClone(scratch.remote, taken)).rejects.toMatchObject({ reason: "exists" });
  const fresh = join(scratch.dir, "fresh");
  const missing = ensureClone(join(scratch.dir, "nowhere"), fresh);
  await expect(missing).rejects.toMatchObject({ reason: "not_found" });
  await ensureClone(scratch.remote, fresh);
});

test("locks left by a crash are cleared, but not while a git runs there", async () => {
  await using scratch = await scratchRemote();
  const repoDir = await scratch.clone("clone");
  const lock = join(repoDir, "packed-refs.lock");
  await writeFile(lock, "");
  const busy = spawn("git", ["cat-file", "--batch"], { cwd: repoDir });
  await once(busy, "spawn");
  busy.stdin.write("HEAD\n");
  await once(busy.stdout, "data");
  expect(await clearLocks(repoDir)).toEqual({ removed: [], kept: [lock] });
  busy.stdin.end();
  await once(busy, "close");
  expect(await clearLocks(repoDir)).toEqual({ removed: [lock], kept: [] });
  expect(await clearLocks(repoDir)).toEqual({ removed: [], kept: [] });
});
