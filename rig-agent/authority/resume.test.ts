import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { pushCheckpoint } from "#services/git/checkpoint.ts";
import { runGit } from "#services/git/run-git.ts";
import { commitFiles, somebody, writeFiles } from "#services/git/scratch-remote.ts";
import { addWorktree, polecatBranch } from "#services/git/worktree.ts";
import { closeBead, createBead, releaseBead, setFields } from "#services/ledger/drafts.ts";
import { mergeRequestUid } from "#services/molecules/leave.ts";
import { loadRecipe, polecatWork } from "#services/molecules/library.ts";
import { pour } from "#services/molecules/pour.ts";
import { moleculeOf } from "#services/molecules/progress.ts";
import { type ScratchMachine, scratchFleet } from "./scratch-fleet.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

type Fleet = Awaited<ReturnType<typeof scratchFleet>>;

const slung = (uid: string, machine: string) =>
  createBead({
    uid,
    id: `al-${uid}`,
    title: uid,
    fields: { "gt.sling": { by: "ann" }, "gt.placement": { machine, reasons: [], claim: "" } },
  });

const place = (uid: string, machine: string, claim: string) =>
  setFields(uid, { "gt.placement": { machine, reasons: [], claim } });

const claimOf = ({ ledger }: ScratchMachine, uid: string) => ledger.world.bead(uid)?.claim;

/** A worker on vm-a that has done two steps, with a pushed commit, and has begun a third. */
async function begunWork(fleet: Fleet) {
  const { a } = fleet;
  await a.ledger.append("ann", [slung("x", "vm-a")]);
  await a.round();
  const { world } = a.ledger;
  const work = world.bead("x");
  if (work?.claim?.epoch !== "1.1") throw new Error("it was claimed first");
  const recipe = await loadRecipe(polecatWork);
  const { drafts } = pour({ world, recipe, work, polecat: "rigs/alpha/polecats/furiosa" });
  await a.ledger.append("vm-a", drafts);
  const path = join(fleet.dir, "tree");
  const branch = polecatBranch("al-x", "1.1");
  await addWorktree({ repoDir: a.repoDir, path, branch, startPoint: "origin/main" });
  const commit = await commitFiles(path, { "a.txt": "one" }, "begin");
  await runGit(["push", "--quiet", "origin", `HEAD:refs/heads/${branch}`], { cwd: path });
  await done(a, "load-context", "");
  await done(a, "branch-setup", commit);
  return { path, branch, commit };
}

async function done({ ledger }: ScratchMachine, name: string, commit: string): Promise<void> {
  const step = moleculeOf(ledger.world, "x")?.steps.find((each) => each.name === name);
  if (!step) throw new Error(`no step ${name}`);
  const close = { close: "step:1.1", kind: "done", reason: "done", epoch: "1.1.0", commit };
  await ledger.append("rigs/alpha/polecats/furiosa", [closeBead(step.bead.uid, close)]);
}

const author = { name: "nux", email: "nux@town.invalid" };
const checkpoint = (path: string) => pushCheckpoint({ path, bead: "al-x", epoch: "1.1", author });

/** The town holds vm-a for lost, and vm-b has the rig. */
async function loseFirst({ b, clock }: Fleet): Promise<void> {
  const lost = { sinceAt: "2026-01-01T00:00:00Z", why: "silent" };
  const to = { "gt.appointed": { machine: "vm-b", term: 1 } };
  const drafts = [setFields("vm-a", { "gt.lost": lost }), setFields("rig", to)];
  await b.ledger.append("deacon", drafts);
  await b.round();
  clock.advance(60_000);
  await b.round();
}

test("after a loss the next worker goes on with the last checkpoint at the same step", async () => {
  await using fleet = await scratchFleet();
  const { b } = fleet;
  const { path, commit } = await begunWork(fleet);
  await writeFiles(path, { "b.txt": "not committed" });
  const saved = await checkpoint(path);
  await loseFirst(fleet);
  expect(claimOf(b, "x")).toMatchObject({ epoch: "1.1", released: true });
  const release = b.ledger.history("x").find(({ op }) => op === "release");
  expect(release?.values["reason"]).toBe("vm-a is lost since 2026-01-01T00:00:00Z");

  await b.ledger.append("mayor", [place("x", "vm-b", "1.1"), slung("y", "vm-b")]);
  await fleet.takeAway();
  await b.round();
  expect(claimOf(b, "x")?.epoch).toBe("1.1");
  expect(claimOf(b, "y")?.epoch).toBe("2.1");
  expect(b.failures()).toHaveLength(1);

  await fleet.bringBack();
  fleet.clock.advance(30_000);
  await b.round();
  const next = claimOf(b, "x");
  expect(next).toMatchObject({ epoch: "2.2", machine: "vm-b", continueFrom: saved });
  expect(Object.values(next?.done ?? {})).toEqual(["", commit]);
  const steps = moleculeOf(b.ledger.world, "x")?.steps ?? [];
  expect(steps.find(({ state }) => state !== "done")?.name).toBe("implement");
});

test("where the branch went on past the checkpoint, the branch is what counts", async () => {
  await using fleet = await scratchFleet();
  const { b } = fleet;
  const { path, branch } = await begunWork(fleet);
  await writeFiles(path, { "b.txt": "not committed" });
  await checkpoint(path);
  const later = await commitFiles(path, { "c.txt": "later" }, "go on");
  await runGit(["push", "--quiet", "origin", `HEAD:refs/heads/${branch}`], { cwd: path });
  await loseFirst(fleet);
  await b.ledger.append("mayor", [place("x", "vm-b", "1.1")]);
  await b.round();
  expect(claimOf(b, "x")?.continueFrom).toBe(later);
});

test("a second loss before anything was pushed goes on with what the first one left", async () => {
  await using fleet = await scratchFleet();
  const { b } = fleet;
  const { path } = await begunWork(fleet);
  await writeFiles(path, { "b.txt": "not committed" });
  const saved = await checkpoint(path);
  await loseFirst(fleet);
  await b.ledger.append("mayor", [place("x", "vm-b", "1.1")]);
  await b.round();
  await b.ledger.append("ann", [releaseBead("x", "2.2", "lost"), place("x", "vm-b", "2.2")]);
  await b.round();
  expect(claimOf(b, "x")).toMatchObject({ epoch: "2.3", continueFrom: saved });
});

test("what was submitted and sent back is begun anew", async () => {
  await using fleet = await scratchFleet();
  const { a, b } = fleet;
  const { path } = await begunWork(fleet);
  await checkpoint(path);
  const uid = mergeRequestUid("x", "1.1");
  const request = { uid, id: "al-x.mr-1-1", title: "Land", issueType: "merge-request" };
  await a.ledger.append("vm-a", [
    createBead({ ...request, fields: { "gt.work": "x", "gt.merge_state": "rejected" } }),
    closeBead(uid, { close: "rejected", kind: "rejected", reason: "gate" }),
    releaseBead("x", "1.1", "rejected"),
  ]);
  await loseFirst(fleet);
  await b.ledger.append("mayor", [place("x", "vm-b", "1.1")]);
  await b.round();
  expect(claimOf(b, "x")).toMatchObject({ epoch: "2.2", continueFrom: "", done: {} });
});

test("steps whose commits the remote has lost are not done", async () => {
  await using fleet = await scratchFleet();
  const { a, b } = fleet;
  await begunWork(fleet);
  await done(a, "implement", "1".repeat(40));
  await runGit(["update-ref", "-d", `refs/heads/${polecatBranch("al-x", "1.1")}`], {
    cwd: fleet.remote,
    env: somebody,
  });
  await loseFirst(fleet);
  await b.ledger.append("mayor", [place("x", "vm-b", "1.1")]);
  await b.round();
  expect(claimOf(b, "x")).toMatchObject({ epoch: "2.2", continueFrom: "", done: {} });
});
