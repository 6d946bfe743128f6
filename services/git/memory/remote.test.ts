import { expect, test } from "vitest";
import { authorityRef, readChain, takeTerm } from "../authority-chain.ts";
import { land } from "../land.ts";
import { copyDisk, memoryDisk, restoreDisk } from "./disk.ts";
import type { Fault } from "./faults.ts";
import { type MemoryGit, memoryGit } from "./memory-git.ts";
import { MemoryRemote } from "./remote.ts";

const repoDir = "/repo";

function world() {
  const remote = new MemoryRemote({ url: "memory:rig", nowMs: () => 5_000 });
  const remotes = new Map([[remote.url, remote]]);
  let nonces = 0;
  const machine = async (who: string, disk = memoryDisk(who)) => {
    const newNonce = () => `nonce-${++nonces}`;
    const git = memoryGit({ disk, remotes, nowMs: () => 5_000, newNonce });
    await git.ensureClone(remote.url, repoDir);
    return { disk, git, repoDir };
  };
  return { remote, machine };
}

function onPush(remote: MemoryRemote, fault: Fault) {
  remote.hooks = {
    before: async ({ kind }) => {
      if (kind !== "push") return undefined;
      remote.hooks = {};
      return fault;
    },
  };
}

async function ready() {
  const { remote, machine } = world();
  const here = await machine("vm-a");
  const { tip } = await takeTerm({ ...here, holder: "vm-a" });
  const expectedMain = remote.ref("main") ?? "";
  const commit = await empty(here.git, expectedMain, "one");
  const landings = [{ commit, request: "mr-1", bead: "al-1", epoch: "1.1" }];
  const wanted = { ...here, target: "main", expectedMain, tip, landings };
  return { remote, machine, here, tip, commit, wanted };
}

async function empty(git: MemoryGit, parent: string, message: string): Promise<string> {
  const someone = { name: "x", email: "x@y" };
  return git.commitTree({
    repoDir,
    tree: await git.emptyTree(repoDir),
    parents: [parent],
    message,
    trailers: {},
    author: someone,
    committer: someone,
  });
}

test("the same run makes the same commits", async () => {
  const [one, other] = [await ready(), await ready()];
  expect(one.tip).toBe(other.tip);
  expect(await land(one.wanted)).toEqual(await land(other.wanted));
  expect(one.remote.reflog).toEqual(other.remote.reflog);
});

test("an answer that is lost leaves what it was about done", async () => {
  const { remote, here, commit, wanted } = await ready();
  remote.hooks = {
    after: async ({ kind }, who) => (kind === "push" && who === "vm-a" ? "lost" : undefined),
  };
  expect(await land(wanted)).toMatchObject({ kind: "landed", recorded: true });
  expect(remote.ref("main")).toBe(commit);
  const next = takeTerm({ ...here, holder: "vm-a" });
  expect(await next).toMatchObject({ term: 2 });
});

test.for([undefined, "main"])("a term whose answer is lost is had, on %s", async (on) => {
  const { remote, machine } = world();
  const here = { ...(await machine("vm-a")), onMain: on };
  remote.hooks = { after: async ({ kind }) => (kind === "push" ? "lost" : undefined) };
  const { term, tip } = await takeTerm({ ...here, holder: "vm-a" });
  expect(term).toBe(1);
  expect(remote.ref(on ?? authorityRef)).toBe(tip);
});

test("a push that arrives after its sender gave up is fenced by what came between", async () => {
  const { remote, machine, commit, wanted } = await ready();
  const { promise, resolve } = Promise.withResolvers<void>();
  onPush(remote, { do: "late", arrives: promise });
  expect(await land(wanted)).toMatchObject({ kind: "unknown" });
  const other = await machine("vm-b");
  await takeTerm({ ...other, holder: "vm-b" });
  resolve();
  await promise;
  expect(remote.ref("main")).toBe(wanted.expectedMain);
  expect(await land(wanted)).toMatchObject({ kind: "fenced", term: 2 });
  expect(remote.ref("main")).not.toBe(commit);
});

test("a push that arrives late, with nothing between, has landed", async () => {
  const { remote, commit, wanted } = await ready();
  const { promise, resolve } = Promise.withResolvers<void>();
  onPush(remote, { do: "late", arrives: promise });
  expect(await land(wanted)).toMatchObject({ kind: "unknown" });
  resolve();
  await promise;
  expect(remote.ref("main")).toBe(commit);
  expect(await land(wanted)).toMatchObject({ kind: "landed", recorded: true });
});

test("with leases ignored a deposed authority lands: that is what they are for", async () => {
  const { remote, machine, commit, wanted } = await ready();
  await takeTerm({ ...(await machine("vm-b")), holder: "vm-b" });
  remote.ignoresLeases = true;
  await land(wanted);
  expect(remote.ref("main")).toBe(commit);
  expect(remote.reflog.filter(({ isForced }) => isForced)).toMatchObject([
    { ref: authorityRef, by: "vm-a" },
  ]);
});

test("a remote comes back from a backup, and who has seen more will not build on it", async () => {
  const { remote, here, tip, wanted } = await ready();
  const backup = remote.snapshot();
  expect(await land(wanted)).toMatchObject({ kind: "landed" });
  await takeTerm({ ...here, holder: "vm-a" });
  remote.restore(backup);
  expect(remote.ref("main")).toBe(wanted.expectedMain);
  expect(await readChain(here)).toMatchObject({ tip, term: 1, landings: [] });
  const lower = takeTerm({ ...here, holder: "vm-a", seenTerm: 2 });
  await expect(lower).rejects.toMatchObject({ reason: "stale" });
  // A fetch after the restore does not bring what went with it.
  expect(remote.commit(wanted.landings[0]?.commit ?? "")).toBeUndefined();
});

test("a disk goes back to its image, and a copy of it lives on its own", async () => {
  const { remote, machine, here } = await ready();
  const image = copyDisk(here.disk);
  const twin = await machine("vm-a", copyDisk(image));
  await takeTerm({ ...here, holder: "vm-a" });
  const after = await here.git.readRef(repoDir, "refs/gastown-remote/authority");
  restoreDisk(here.disk, image);
  const before = await here.git.readRef(repoDir, "refs/gastown-remote/authority");
  expect(before).not.toBe(after);
  expect(await twin.git.readRef(repoDir, "refs/gastown-remote/authority")).toBe(before);
  const takes = [here, twin].map((each) => takeTerm({ ...each, holder: "vm-a" }));
  const ended = await Promise.allSettled(takes);
  expect(ended.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(remote.reflog.filter(({ ref }) => ref === authorityRef)).toHaveLength(3);
});

test("who waits is told when it shall end, and a slow answer is an answer", async () => {
  const { remote, here } = await ready();
  const ending = new AbortController();
  remote.hooks = {
    before: async () => {
      ending.abort();
      return undefined;
    },
  };
  const fetching = here.git.fetchRefs({ repoDir, signal: ending.signal }, ["refs/heads/"]);
  await expect(fetching).rejects.toMatchObject({ reason: "cancelled" });
  const main = remote.moveByHuman("main", { "README.md": undefined, "b.txt": "b" });
  expect([...(remote.commit("main")?.tree.files ?? [])]).toEqual([["b.txt", "b"]]);
  await here.git.fetchAll({ repoDir });
  expect(await here.git.readRef(repoDir, "refs/remotes/origin/main")).toBe(main);
});
