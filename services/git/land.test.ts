import { chmod, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { agentPerson } from "#services/identity/person.ts";
import { authorityRef, readChain, takeTerm } from "./authority-chain.ts";
import { buildCandidate } from "./candidate.ts";
import { fetchAll } from "./fetch-remote.ts";
import { land, type ToLand } from "./land.ts";
import { runGit } from "./run-git.ts";
import { type ScratchRemote, scratchRemote } from "./scratch-remote.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

const people = {
  author: agentPerson("rigs/alpha/polecats/nux"),
  committer: agentPerson("rigs/alpha/refinery"),
};

async function candidate(scratch: ScratchRemote, repoDir: string, name: string, on?: string) {
  const branch = await scratch.commit({ [`${name}.txt`]: name }, name, "main");
  await fetchAll({ repoDir });
  const origin = { request: `mr-${name}`, bead: `al-${name}`, epoch: "1.1", worker: "nux" };
  const target = on ?? "refs/remotes/origin/main";
  const rest = { message: `Add ${name}`, origin, ...people, strategy: "merge" as const };
  const built = await buildCandidate({ repoDir, target, branch, ...rest });
  if (built.kind !== "candidate") throw new Error(built.kind);
  const { request, bead, epoch } = origin;
  return { commit: built.commit, request, bead, epoch } satisfies ToLand;
}

/** A rig whose authority is `vm-a`, term 1, with one candidate ready. */
async function readyRig() {
  const scratch = await scratchRemote();
  const repoDir = await scratch.clone("a");
  const { tip } = await takeTerm({ repoDir, holder: "vm-a" });
  const one = await candidate(scratch, repoDir, "one");
  const expectedMain = (await scratch.ref("main")) ?? "";
  const wanted = { repoDir, target: "main", expectedMain, tip, landings: [one] };
  return { scratch, repoDir, tip, one, wanted };
}

async function addHook(remote: string, name: string, script: string): Promise<void> {
  const path = join(remote, "hooks", name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

test("a candidate lands together with its record", async () => {
  const { scratch, repoDir, tip, one, wanted } = await readyRig();
  await using _scratch = scratch;
  const outcome = await land(wanted);
  expect(outcome).toEqual({ kind: "landed", recorded: true, tip: await scratch.ref(authorityRef) });
  expect(await scratch.ref("main")).toBe(one.commit);
  const chain = await readChain({ repoDir, since: tip });
  const record = chain.tip;
  expect(chain.landings).toEqual([{ ...one, target: "main", term: 1, record }]);
  expect(chain).toMatchObject({ term: 1, holder: "vm-a" });
  const later = await readChain({ repoDir, since: chain.tip ?? "" });
  expect(later.landings).toEqual([]);
});

test("several land in one push, oldest first in the chain", async () => {
  const { scratch, repoDir, one, wanted } = await readyRig();
  await using _scratch = scratch;
  const two = await candidate(scratch, repoDir, "two", one.commit);
  expect(await land({ ...wanted, landings: [one, two] })).toMatchObject({ kind: "landed" });
  expect(await scratch.ref("main")).toBe(two.commit);
  const { landings } = await readChain({ repoDir });
  expect(landings.map(({ bead }) => bead)).toEqual(["al-one", "al-two"]);
  const apart = land({ ...wanted, landings: [two, one] });
  await expect(apart).rejects.toMatchObject({ reason: "invalid" });
});

test("a deposed authority is fenced, whatever it believes", async () => {
  const { scratch, wanted } = await readyRig();
  await using _scratch = scratch;
  await takeTerm({ repoDir: await scratch.clone("b"), holder: "vm-b" });
  expect(await land(wanted)).toEqual({ kind: "fenced", term: 2, holder: "vm-b" });
  expect(await scratch.ref("main")).toBe(wanted.expectedMain);
});

test("a chain that was deleted fences too", async () => {
  const { scratch, wanted } = await readyRig();
  await using _scratch = scratch;
  await runGit(["update-ref", "-d", authorityRef], { cwd: scratch.remote });
  expect(await land(wanted)).toEqual({ kind: "fenced", term: 0, holder: undefined });
  expect(await scratch.ref("main")).toBe(wanted.expectedMain);
});

test("landing and takeover at once: one order or the other, never both halves", async () => {
  const { scratch, repoDir, ...rest } = await readyRig();
  await using _scratch = scratch;
  const other = await scratch.clone("b");
  let { tip } = rest;
  for (let round = 0; round < 5; round += 1) {
    const one = await candidate(scratch, repoDir, `race-${round}`);
    const expectedMain = (await scratch.ref("main")) ?? "";
    const wanted = { repoDir, target: "main", expectedMain, tip, landings: [one] };
    const takeover = takeTerm({ repoDir: other, holder: "vm-b" }).catch((error) => error.reason);
    const [outcome, taken] = await Promise.all([land(wanted), takeover]);
    const chain = await readChain({ repoDir });
    const recorded = chain.landings.some(({ commit }) => commit === one.commit);
    expect(recorded).toBe(outcome.kind === "landed");
    expect(await scratch.ref("main")).toBe(recorded ? one.commit : expectedMain);
    expect(["landed", "fenced"]).toContain(outcome.kind);
    if (outcome.kind === "fenced") expect(taken).toMatchObject({ tip: chain.tip });
    tip = (await takeTerm({ repoDir, holder: "vm-a" })).tip;
  }
});

test("a person's push meanwhile is seen and never overwritten", async () => {
  const { scratch, wanted, tip } = await readyRig();
  await using _scratch = scratch;
  const main = await scratch.commit({ "human.txt": "h" });
  expect(await land(wanted)).toEqual({ kind: "target-moved", main, tip });
  expect(await scratch.ref("main")).toBe(main);
  expect(await scratch.ref(authorityRef)).toBe(tip);
});

test("a target that a person took back is not brought back by a landing", async () => {
  const { scratch, repoDir, wanted, tip, one } = await readyRig();
  await using _scratch = scratch;
  const back = (await scratch.ref("main")) ?? "";
  await scratch.commit({ "oops.txt": "x" });
  await fetchAll({ repoDir });
  const two = await candidate(scratch, repoDir, "two");
  const expectedMain = (await scratch.ref("main")) ?? "";
  await runGit(["update-ref", "refs/heads/main", back], { cwd: scratch.remote });
  const outcome = await land({ ...wanted, expectedMain, landings: [two] });
  expect(outcome).toEqual({ kind: "target-moved", main: back, tip });
  expect(await land({ ...wanted, landings: [one] })).toMatchObject({ kind: "landed" });
});

test("a hook that refuses is explained, and nothing moved", async () => {
  const { scratch, wanted, tip } = await readyRig();
  await using _scratch = scratch;
  await addHook(scratch.remote, "pre-receive", "echo 'main is frozen today' >&2; exit 1");
  const outcome = await land(wanted);
  expect(outcome).toMatchObject({ kind: "refused", tip });
  expect(outcome).toHaveProperty("why", expect.stringContaining("main is frozen today"));
  expect(await scratch.ref("main")).toBe(wanted.expectedMain);
  await rm(join(scratch.remote, "hooks", "pre-receive"));
  expect(await land(wanted)).toMatchObject({ kind: "landed" });
});

test("a remote without atomic pushes refuses rather than landing one half", async () => {
  const { scratch, wanted } = await readyRig();
  await using _scratch = scratch;
  const set = ["config", "receive.advertiseAtomic", "false"];
  await runGit(set, { cwd: scratch.remote });
  expect(await land(wanted)).toMatchObject({ kind: "refused" });
  expect(await scratch.ref("main")).toBe(wanted.expectedMain);
});

test("with the remote away it is unknown; later the same landing succeeds once", async () => {
  const { scratch, repoDir, wanted } = await readyRig();
  await using _scratch = scratch;
  await rename(scratch.remote, `${scratch.remote}.away`);
  expect(await land(wanted)).toMatchObject({ kind: "unknown" });
  await rename(`${scratch.remote}.away`, scratch.remote);
  const landed = await land(wanted);
  expect(landed).toMatchObject({ kind: "landed", recorded: true });
  const chain = await readChain({ repoDir });
  // The answer lost, the caller asks again: nothing moves and it is landed still.
  expect(await land(wanted)).toEqual(landed);
  expect((await readChain({ repoDir })).landings).toEqual(chain.landings);
});

test("a remote that kept only the chain's half is healed by the second try", async () => {
  const { scratch, one, wanted } = await readyRig();
  await using _scratch = scratch;
  const undo = `git update-ref refs/heads/main ${wanted.expectedMain}`;
  await addHook(scratch.remote, "post-receive", `[ -e torn ] || { touch torn; ${undo}; }`);
  expect(await land(wanted)).toMatchObject({ kind: "landed", recorded: true });
  expect(await scratch.ref("main")).toBe(one.commit);
});

test("a remote that kept only the target's half gets the record", async () => {
  const { scratch, repoDir, one, tip, wanted } = await readyRig();
  await using _scratch = scratch;
  const undo = `git update-ref ${authorityRef} ${tip}`;
  await addHook(scratch.remote, "post-receive", `[ -e torn ] || { touch torn; ${undo}; }`);
  expect(await land(wanted)).toMatchObject({ kind: "landed", recorded: true });
  const { landings } = await readChain({ repoDir });
  expect(landings.map(({ commit }) => commit)).toEqual([one.commit]);
});

test("a lock left at the remote refuses, and names itself", async () => {
  const { scratch, wanted } = await readyRig();
  await using _scratch = scratch;
  const lock = join(scratch.remote, "refs/heads/main.lock");
  await writeFile(lock, "");
  const outcome = await land(wanted);
  expect(outcome).toMatchObject({ kind: "refused", why: expect.stringContaining("main.lock") });
  await rm(lock);
  expect(await land(wanted)).toMatchObject({ kind: "landed" });
});

test("a landing made before being deposed does not give the new term away", async () => {
  const { scratch, repoDir, one, wanted } = await readyRig();
  await using _scratch = scratch;
  const landed = await land(wanted);
  if (landed.kind !== "landed") throw new Error(landed.kind);
  await takeTerm({ repoDir: await scratch.clone("b"), holder: "vm-b" });
  const again = await land(wanted);
  expect(again).toMatchObject({ kind: "landed", tip: wanted.tip });
  const two = await candidate(scratch, repoDir, "two");
  const next = { ...wanted, expectedMain: one.commit, landings: [two], tip: landed.tip };
  expect(await land(next)).toMatchObject({ kind: "fenced", term: 2 });
});
