import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { agentPerson } from "#services/identity/person.ts";
import { takeTerm } from "./authority-chain.ts";
import { ensureClone } from "./bare-clone.ts";
import { buildCandidate } from "./candidate.ts";
import { fetchAll } from "./fetch-remote.ts";
import { land } from "./land.ts";
import { isUrl, resolveRemote } from "./local-path.ts";
import { probeRemote } from "./probe.ts";
import { runGit } from "./run-git.ts";
import { commitFiles, scratchRemote, writeFiles } from "./scratch-remote.ts";
import { addWorktree } from "./worktree.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

test.for([
  ["https://host/x.git", true],
  ["git@host:x.git", true],
  ["ssh://git@host/x", true],
  ["file:///x", true],
  ["/srv/x.git", false],
  ["../x", false],
  ["./a:b", false],
] as const)("%s: URL %s", ([text, expected]) => expect(isUrl(text)).toBe(expected));

test("a URL, a bare repository and a clone with an origin are used as they are", async () => {
  await using scratch = await scratchRemote();
  const url = `file://${scratch.remote}`;
  const plain = { branch: "main", setup: [] };
  expect(await resolveRemote(url)).toEqual({ remote: url, kind: "url", ...plain });
  const bare = { remote: scratch.remote, kind: "bare", ...plain };
  expect(await resolveRemote(scratch.remote)).toEqual(bare);
  expect(await resolveRemote("remote.git", scratch.dir)).toEqual(bare);
  await runGit(["clone", "--quiet", "remote.git", "mine"], { cwd: scratch.dir });
  const mine = join(scratch.dir, "mine");
  const origin = { remote: scratch.remote, kind: "origin", ...plain };
  expect(await resolveRemote(mine)).toEqual(origin);
  await runGit(["remote", "set-url", "origin", "../remote.git"], { cwd: mine });
  await mkdir(join(mine, "sub"));
  expect(await resolveRemote(join(mine, "sub"))).toEqual(origin);
});

test("what cannot be a rig is refused with what to do", async () => {
  await using scratch = await scratchRemote();
  const own = join(scratch.dir, "own");
  await expect(resolveRemote(own)).rejects.toMatchObject({ reason: "not_found" });
  await mkdir(own);
  await expect(resolveRemote(own)).rejects.toThrow("run git init");
  await runGit(["init", "--quiet", "--initial-branch=main"], { cwd: own });
  await expect(resolveRemote(own)).rejects.toThrow("make a first one");
  await commitFiles(own, { "a.txt": "a" }, "begin");
  await writeFiles(own, { "a.txt": "dirty" });
  await expect(resolveRemote(own)).rejects.toMatchObject({
    reason: "state",
    message: expect.stringContaining("1 uncommitted change (a.txt): commit or stash"),
  });
  await runGit(["checkout", "--quiet", "--force", "--detach"], { cwd: own });
  await expect(resolveRemote(own)).rejects.toThrow("git switch main");
});

test("a person's own tree follows a landing, and refuses it while it has changes", async () => {
  await using scratch = await scratchRemote();
  const own = join(scratch.dir, "own");
  await runGit(["init", "--quiet", "--initial-branch=main", own], { cwd: scratch.dir });
  const expectedMain = await commitFiles(own, { "a.txt": "a" }, "begin");
  await writeFiles(own, { "untracked.txt": "mine" });
  const rig = await resolveRemote(own);
  expect(rig).toMatchObject({ remote: own, branch: "main", kind: "in-place" });
  expect(rig.setup.join()).toContain("follows each landing");
  expect((await resolveRemote(own)).setup).toEqual([]);
  expect(await probeRemote(rig.remote)).toMatchObject({ atomic: true, customRefs: true });

  const repoDir = join(scratch.dir, "clone");
  await ensureClone(rig.remote, repoDir);
  const { tip } = await takeTerm({ repoDir, holder: "vm-a" });
  const path = join(scratch.dir, "nux");
  const startPoint = "refs/remotes/origin/main";
  await addWorktree({ repoDir, path, branch: "polecat/al-1/1.1", startPoint });
  const branch = await commitFiles(path, { "a.txt": "landed" }, "work");
  await fetchAll({ repoDir });
  const origin = { request: "mr-1", bead: "al-1", epoch: "1.1", worker: "nux" };
  const author = agentPerson("rigs/own/polecats/nux");
  const rest = { message: "Change a", origin, author, committer: author };
  const merge = { repoDir, target: startPoint, branch, strategy: "merge" as const, ...rest };
  const built = await buildCandidate(merge);
  if (built.kind !== "candidate") throw new Error(built.kind);
  const landings = [{ commit: built.commit, request: "mr-1", bead: "al-1", epoch: "1.1" }];
  const wanted = { repoDir, target: rig.branch, expectedMain, tip, landings };

  await writeFiles(own, { "a.txt": "half an idea" });
  const refused = await land(wanted);
  expect(refused).toMatchObject({
    kind: "refused",
    why: expect.stringContaining("uncommitted changes: commit or stash them"),
  });
  expect(await readFile(join(own, "a.txt"), "utf8")).toBe("half an idea");
  await writeFiles(own, { "a.txt": "a" });
  expect(await land(wanted)).toMatchObject({ kind: "landed" });
  expect(await readFile(join(own, "a.txt"), "utf8")).toBe("landed");
  expect(await readFile(join(own, "untracked.txt"), "utf8")).toBe("mine");
  expect((await runGit(["status", "--porcelain"], { cwd: own })).stdout).toBe("?? untracked.txt\n");
});
