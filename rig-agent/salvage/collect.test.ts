import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { checkpointRef, pushCheckpoint } from "#services/git/checkpoint.ts";
import { fetchAll } from "#services/git/fetch-remote.ts";
import { runGit } from "#services/git/run-git.ts";
import { salvageGit } from "#services/git/salvage.ts";
import { commitFiles, scratchRemote, writeFiles } from "#services/git/scratch-remote.ts";
import { addWorktree, polecatBranch } from "#services/git/worktree.ts";
import { agentPerson } from "#services/identity/person.ts";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import {
  claimBead,
  closeBead,
  createBead,
  releaseBead,
  setFields,
} from "#services/ledger/drafts.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { rigField } from "#services/ledger/rigs.ts";
import { releasedField } from "#services/ledger/salvage.ts";
import { ManualClock } from "#services/lifecycle/clock.ts";
import { Terms } from "../authority/terms.ts";
import { runSalvage } from "./run-salvage.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

const worker = "rigs/alpha/polecats/nux";
const dayMs = 86_400_000;

/** A rig whose bead was attempted by a machine that was lost (1.1), and again (1.2). */
async function scratch() {
  const remote = await scratchRemote();
  const clock = new ManualClock(Date.now());
  const ledger = await openLedger({
    dir: "/journal",
    machine: "vm-a",
    disk: new MemoryDisk(),
    nowMs: clock.nowMs,
  });
  const rig = { name: "alpha", prefix: "alpha", remote: remote.remote, target: "main" };
  await ledger.append("town", [
    createBead({
      ...{ uid: "rig", id: "hq-rig-alpha", title: "alpha", issueType: "rig" },
      fields: { [rigField.name]: rig },
    }),
    createBead({ uid: "a", id: "alpha-a", title: "a" }),
    claimBead("a", "1.1", { machine: "vm-b", polecat: worker }),
    releaseBead("a", "1.1", "lost"),
    claimBead("a", "1.2", { machine: "vm-a", polecat: worker }),
  ]);
  const repoDir = await remote.clone("clone");
  const attempt = async (epoch: string) => {
    const path = join(remote.dir, epoch);
    const branch = polecatBranch("alpha-a", epoch);
    await addWorktree({ repoDir, path, branch, startPoint: "refs/remotes/origin/main" });
    const commit = await commitFiles(path, { [`${epoch}.txt`]: "x" }, "work");
    await runGit(["push", "--quiet", "origin", `HEAD:refs/heads/${branch}`], { cwd: path });
    return { path, branch: `refs/heads/${branch}`, commit };
  };
  return { remote, clock, ledger, repoDir, attempt };
}

type Scratch = Awaited<ReturnType<typeof scratch>>;

/** The second attempt lands as its own commit, a moment after it was submitted. */
async function land({ remote, ledger, clock }: Scratch, commit: string) {
  await runGit(["update-ref", "refs/heads/main", commit], { cwd: remote.remote });
  clock.advance(5_000);
  const merge = { rig: "alpha", branch: "b", target: "main", epoch: "1.2", worker, commit };
  const closing = { close: "m", kind: "merged", reason: "", commit };
  await ledger.append("town", [
    createBead({
      ...{ uid: "mr", id: "alpha-a.mr", title: "a", issueType: "merge-request" },
      fields: { "gt.work": "a", "gt.merge": merge, "gt.landed_commit": commit },
    }),
    closeBead("mr", closing),
    closeBead("a", closing),
  ]);
}

/** Run the patrol through one round, with the term held or not. */
async function patrol(
  { remote, ledger, clock, repoDir }: Scratch,
  more: { readonly isHolder?: boolean; readonly meanwhile?: () => Promise<void> } = {},
) {
  const terms = new Terms();
  if (more.isHolder ?? true) terms.take({ rig: "alpha", term: 1, tip: "", repoDir });
  const told: string[] = [];
  const failed: unknown[] = [];
  const stop = new AbortController();
  const actor = runSalvage({
    ...{ ledger, terms, signal: stop.signal, ageMs: 7 * dayMs },
    clock: {
      nowMs: clock.nowMs,
      // Only what waits for the next round asks for a time.
      after: (delayMs, then) => {
        setImmediate(() => stop.abort());
        return clock.after(delayMs, then);
      },
    },
    git: {
      ...salvageGit,
      removeLeftWork: async (wanted) => {
        await more.meanwhile?.();
        return salvageGit.removeLeftWork(wanted);
      },
    },
    clone: async () => {
      await fetchAll({ repoDir });
      return repoDir;
    },
    report: (error) => failed.push(error),
    tell: ({ bead, epoch, why, rig }) => told.push(`${rig} ${bead}@${epoch} ${why}`),
  });
  await actor.ended;
  return { told, failed, refs: await refsAt(remote.remote) };
}

async function refsAt(remote: string): Promise<string[]> {
  const args = ["for-each-ref", "--format=%(refname)", "refs/gastown", "refs/heads/polecat"];
  return (await runGit(args, { cwd: remote })).stdout.split("\n").filter((ref) => ref !== "");
}

test("what landed goes after an age; late work of a lost machine when it is released", async () => {
  const all = await scratch();
  await using _remote = all.remote;
  const { clock, ledger, attempt } = all;
  const [late, landed] = [await attempt("1.1"), await attempt("1.2")];
  await land(all, landed.commit);
  clock.advance(6 * dayMs);
  expect(await patrol(all)).toEqual({ told: [], failed: [], refs: [late.branch, landed.branch] });
  clock.advance(dayMs);
  expect(await patrol(all, { isHolder: false })).toMatchObject({ told: [] });
  const first = await patrol(all);
  expect(first).toEqual({ told: ["alpha alpha-a@1.2 landed"], failed: [], refs: [late.branch] });
  clock.advance(1_000 * dayMs);
  expect(await patrol(all)).toMatchObject({ told: [], refs: [late.branch] });
  const at = new Date(clock.nowMs()).toISOString();
  await ledger.append("ann", [
    setFields("a", { [releasedField("1.1")]: { released_by: "ann", at } }),
  ]);
  clock.advance(7 * dayMs - 1);
  expect(await patrol(all)).toMatchObject({ told: [] });
  clock.advance(1);
  expect(await patrol(all)).toEqual({ told: ["alpha alpha-a@1.1 released"], failed: [], refs: [] });
});

test("changes made after the submission are no part of what landed, and stay", async () => {
  const all = await scratch();
  await using _remote = all.remote;
  const { path, commit, branch } = await all.attempt("1.2");
  await land(all, commit);
  // Its machine's clock stands after the submission now.
  const date = new Date(all.clock.nowMs() + 60_000).toISOString();
  await writeFiles(path, { "left.txt": "x" });
  await runGit(["add", "-A"], { cwd: path });
  const who = ["-c", "user.name=x", "-c", "user.email=x@x.invalid"];
  const env = { GIT_COMMITTER_DATE: date };
  await runGit([...who, "commit", "-q", "-m", "late"], { cwd: path, env });
  await pushCheckpoint({ path, bead: "alpha-a", epoch: "1.2", author: agentPerson(worker) });
  all.clock.advance(100 * dayMs);
  const { told, refs } = await patrol(all);
  expect(told).toEqual([]);
  expect(refs).toEqual([checkpointRef("alpha-a", "1.2"), branch]);
});

test("a ref that moves just then stays, and so does what a target set back has lost", async () => {
  const all = await scratch();
  await using _remote = all.remote;
  const { path, commit, branch } = await all.attempt("1.2");
  const before = (await all.remote.ref("refs/heads/main")) ?? "";
  await land(all, commit);
  all.clock.advance(100 * dayMs);
  const setMain = (to: string) =>
    runGit(["update-ref", "refs/heads/main", to], { cwd: all.remote.remote });
  await setMain(before);
  expect(await patrol(all)).toEqual({ told: [], failed: [], refs: [branch] });
  await setMain(commit);
  const meanwhile = async () => {
    const later = await commitFiles(path, { "c.txt": "x" }, "late");
    // As another machine's push does: our clone does not hear of it.
    await runGit(["push", "-q", all.remote.remote, `${later}:${branch}`], { cwd: path });
  };
  expect(await patrol(all, { meanwhile })).toEqual({ told: [], failed: [], refs: [branch] });
});
