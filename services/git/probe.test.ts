import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { probeRemote } from "./probe.ts";
import { runGit } from "./run-git.ts";
import { type ScratchRemote, scratchRemote } from "./scratch-remote.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

async function refs(scratch: ScratchRemote): Promise<string> {
  return (await runGit(["for-each-ref"], { cwd: scratch.remote })).stdout;
}

async function refuse(remote: string, pattern: string): Promise<void> {
  const hook = join(remote, "hooks", "update");
  await writeFile(hook, `#!/bin/sh\ncase "$1" in ${pattern}) echo "not $1" >&2; exit 1;; esac\n`);
  await chmod(hook, 0o755);
}

test("a plain remote allows everything and is left as it was", async () => {
  await using scratch = await scratchRemote();
  const before = await refs(scratch);
  const head = await scratch.ref("main");
  const all = { canPush: true, customRefs: true, atomic: true, notes: [] };
  expect(await probeRemote(scratch.remote)).toEqual({ branch: "main", head, ...all });
  expect(await refs(scratch)).toBe(before);
});

test("the default branch is the one that the remote names", async () => {
  await using scratch = await scratchRemote();
  await scratch.commit({ "a.txt": "a" }, "trunk", "main");
  const point = ["symbolic-ref", "HEAD", "refs/heads/trunk"];
  await runGit(point, { cwd: scratch.remote });
  expect(await probeRemote(scratch.remote)).toMatchObject({ branch: "trunk" });
  await runGit(["symbolic-ref", "HEAD", "refs/heads/nothing"], { cwd: scratch.remote });
  expect(await probeRemote(scratch.remote)).toMatchObject({ branch: "main" });
});

test("custom refs that are refused are said to be, in the remote's words", async () => {
  await using scratch = await scratchRemote();
  await refuse(scratch.remote, "refs/gastown/*");
  const found = await probeRemote(scratch.remote);
  expect(found).toMatchObject({ canPush: true, customRefs: false, atomic: true });
  expect(found.notes.join("\n")).toContain("not refs/gastown/probe/");
});

test("no atomic pushes, and no pushes at all", async () => {
  await using scratch = await scratchRemote();
  const set = ["config", "receive.advertiseAtomic", "false"];
  await runGit(set, { cwd: scratch.remote });
  const found = await probeRemote(scratch.remote);
  expect(found).toMatchObject({ canPush: true, customRefs: true, atomic: false });
  await refuse(scratch.remote, "*");
  const none = await probeRemote(scratch.remote);
  expect(none).toMatchObject({ canPush: false, customRefs: false, atomic: false });
});

test("refs that the remote will not delete again are named", async () => {
  await using scratch = await scratchRemote();
  await runGit(["config", "receive.denyDeletes", "true"], { cwd: scratch.remote });
  const { notes } = await probeRemote(scratch.remote);
  expect(notes.join("\n")).toContain("refs of the probe may be left");
});

test("an empty repository says what to do; a missing or dead one is told apart", async () => {
  await using scratch = await scratchRemote();
  const empty = join(scratch.dir, "empty.git");
  await runGit(["init", "--quiet", "--bare", empty], { cwd: scratch.dir });
  await expect(probeRemote(empty)).rejects.toMatchObject({
    reason: "state",
    message: expect.stringContaining("push a first commit"),
  });
  const missing = probeRemote(join(scratch.dir, "nowhere"));
  await expect(missing).rejects.toMatchObject({ reason: "not_found" });
  const dead = probeRemote("git://127.0.0.1:1/x", { timeoutMs: 5_000 });
  await expect(dead).rejects.toMatchObject({ reason: "unavailable" });
});
