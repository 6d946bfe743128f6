import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { worktreeState } from "#services/git/worktree.ts";
import { closeBead, releaseBead } from "#services/ledger/drafts.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { inbox } from "#services/mail/mail.ts";
import { hookOf } from "#services/molecules/pin.ts";
import { moleculeOf } from "#services/molecules/progress.ts";
import { openStage } from "./stage.ts";

const nux = "rigs/alpha/polecats/nux";
const waits = "say('up ' + process.env.GT_EPOCH); stay();";

test("a claim becomes a worker with worktree, molecule, letter, and word to others", async () => {
  await using stage = await openStage({
    setup: "echo ready > set-up.txt",
    worker: `
      const { GT_AGENT, GT_BEAD, GT_ROLE, GT_RIG, GT_WORKTREE } = process.env;
      say([GT_AGENT, GT_BEAD, GT_ROLE, GT_RIG, GT_WORKTREE === process.cwd(),
        readFileSync("set-up.txt", "utf8").trim(), git("branch", "--show-current").trim(),
        require("node:child_process").execFileSync("which", ["gt"]).toString().trim()].join(" "));
      stay();`,
  });
  const { ports } = await stage.start();
  const uid = await stage.claim("al-1", "1.1");
  await stage.until(() => stage.heard.length > 0 && inbox(stage.ledger.world, "deacon").length);
  const name = "nux-al-1-1-1-0";
  expect(stage.heard).toEqual([
    `${nux} al-1 polecat alpha true ready polecat/al-1/1.1 ${stage.home}/sessions/${name}/bin/gt`,
  ]);
  const { world } = stage.ledger;
  const molecule = moleculeOf(world, uid);
  expect(hookOf(world, nux)).toBe(molecule?.root.uid);
  expect(molecule?.root.assignee).toBe(nux);
  expect(inbox(world, nux).map(({ title }) => title)).toEqual(["ASSIGNMENT"]);
  const started = inbox(world, "machines/vm-a/witness");
  expect(started.map(({ title }) => title)).toEqual(["POLECAT_STARTED"]);
  expect(world.bead(uid)?.claim?.respawn).toBe(0);
  const session = ports.sessions.get(name);
  expect(session).toMatchObject({ state: "running", isSetUp: true, agent: nux, epoch: "1.1.0" });
  expect(ports.sessions.byToken(session?.token ?? "")).toBe(session);
  expect(stage.failures).toEqual([]);
});

test("a killed worker is started again in the same worktree, with a hand-off", async () => {
  await using stage = await openStage({
    worker: `
      if (existsSync("half.txt")) say("found " + readFileSync("half.txt", "utf8"));
      else { writeFileSync("half.txt", "half done"); console.log("so far"); say("up"); }
      stay();`,
  });
  const { ports } = await stage.start();
  const uid = await stage.claim("al-1", "1.1");
  await stage.until(() => stage.heard.includes("up"));
  const first = await stage.until(() => ports.sessions.get("nux-al-1-1-1-0")?.process);
  process.kill(first.pid, "SIGKILL");
  await stage.until(() => stage.heard.includes("found half done"));
  const { world } = stage.ledger;
  expect(world.bead(uid)?.claim?.respawn).toBe(1);
  const letter = inbox(world, nux).find(({ title }) => title === "HAND-OFF");
  expect(letter?.fields["description"]).toContain("so far");
  expect(ports.sessions.get("nux-al-1-1-1-0")).toMatchObject({ state: "removed", token: "" });
});

test("a restart adopts a live worker and starts the dead one anew", async () => {
  await using stage = await openStage({ worker: waits });
  const before = await stage.start();
  await stage.claim("al-1", "1.1");
  await stage.claim("al-2", "1.1", "rigs/alpha/polecats/slit");
  await stage.until(() => stage.heard.length === 2);
  const live = await stage.until(() => before.ports.sessions.get("nux-al-1-1-1-0")?.process);
  const dies = await stage.until(() => before.ports.sessions.get("slit-al-2-1-1-0")?.process);
  await stage.close();
  process.kill(dies.pid, "SIGKILL");
  const { ports } = await stage.start();
  await stage.until(() => stage.heard.includes("up 1.1.1"));
  expect(ports.sessions.get("nux-al-1-1-1-0")).toMatchObject({ state: "running", process: live });
  expect(stage.heard.sort()).toEqual(["up 1.1.0", "up 1.1.0", "up 1.1.1"]);
  // The adopted one is watched too: its end is noticed.
  process.kill(live.pid, "SIGKILL");
  await stage.until(() => stage.heard.filter((line) => line === "up 1.1.1").length === 2);
});

test("a worker whose start was not written down is found, not started twice", async () => {
  await using stage = await openStage({ worker: waits });
  const before = await stage.start();
  await stage.claim("al-1", "1.1");
  const session = await stage.until(() => {
    const found = before.ports.sessions.get("nux-al-1-1-1-0");
    return found?.state === "running" && stage.heard.length === 1 && found;
  });
  const { process: started, ...rest } = session;
  await before.ports.sessions.put({ ...rest, state: "starting" });
  await stage.close();
  const { ports } = await stage.start();
  await stage.until(() => ports.sessions.get(session.name)?.state === "running");
  expect(ports.sessions.get(session.name)?.process).toEqual(started);
  expect(stage.heard).toEqual(["up 1.1.0"]);
});

test("a crash loop is given up: deferred, released, and the overseer reads why", async () => {
  await using stage = await openStage({
    worker: "console.log('no such thing ' + process.env.GT_EPOCH); process.exit(3)",
    limits: { respawnsMax: 1 },
  });
  const { ports } = await stage.start();
  const uid = await stage.claim("al-1", "1.1");
  const bead = await stage.until(() => {
    const work = stage.ledger.world.bead(uid);
    return work?.status === "deferred" && work;
  });
  expect(bead.claim).toMatchObject({ released: true, exit: "ESCALATE" });
  expect(bead.fields["gt.exit"]).toMatchObject({ kind: "ESCALATE", epoch: "1.1.1" });
  const [letter] = inbox(stage.ledger.world, "overseer");
  expect(letter?.title).toBe("ESCALATE al-1: Work al-1");
  expect(letter?.fields["description"]).toContain("no such thing 1.1.1");
  await stage.until(() => ports.sessions.get("nux-al-1-1-1-1")?.state === "removed");
  expect(existsSync(join(stage.home, "rigs/alpha/polecats/nux"))).toBe(false);
});

test("a set-up that fails is escalated with its output", async () => {
  await using stage = await openStage({ setup: "echo broken; exit 7", worker: waits });
  await stage.start();
  const uid = await stage.claim("al-1", "1.1");
  await stage.until(() => stage.ledger.world.bead(uid)?.status === "deferred");
  const [letter] = inbox(stage.ledger.world, "overseer");
  expect(letter?.fields["description"]).toMatch(/set-up failed: echo broken.*exit code 7.*broken/s);
  expect(stage.heard).toEqual([]);
});

test("a remote that is away is tried again, with a word, and nobody is blamed", async () => {
  await using stage = await openStage({ worker: waits });
  const { rename } = await import("node:fs/promises");
  await stage.scratch.clone("home/rigs/alpha/repo.git");
  await rename(stage.scratch.remote, `${stage.scratch.remote}.away`);
  const { supervisor } = await stage.start();
  const uid = await stage.claim("al-1", "1.1");
  await stage.until(() => stage.failures.length > 0);
  expect(supervisor.trouble(uid)).toContain("does not appear to be a git repository");
  await rename(`${stage.scratch.remote}.away`, stage.scratch.remote);
  await stage.until(() => stage.heard.length === 1);
  expect(stage.ledger.world.bead(uid)?.status).toBe("in_progress");
});

test("a release ends the worker; what it had is pushed before its worktree goes", async () => {
  await using stage = await openStage({
    worker: "writeFileSync('mine.txt', 'only here'); say('up'); stay();",
  });
  const { ports } = await stage.start();
  const uid = await stage.claim("al-1", "1.1");
  await stage.until(() => stage.heard.length === 1);
  await stage.ledger.append("rigs/alpha/authority", [releaseBead(uid, "1.1", "taken back")]);
  const ended = await stage.until(() => {
    const session = ports.sessions.get("nux-al-1-1-1-0");
    return session?.state === "removed" && session;
  });
  expect(existsSync(ended.worktree)).toBe(false);
  expect(ended.process && (await ports.runtime.isAlive(ended.process))).toBe(false);
  const kept = await stage.scratch.ref("refs/gastown/checkpoint/al-1/1.1:mine.txt");
  expect(kept).toBeDefined();
  expect(hookOf(stage.ledger.world, nux)).toBeUndefined();
});

test("after landing the molecule is squashed to a digest, once", async () => {
  await using stage = await openStage({ worker: waits, limits: { leaveGraceMs: 0 } });
  const { ports } = await stage.start();
  const uid = await stage.claim("al-1", "1.1");
  await stage.until(() => ports.sessions.get("nux-al-1-1-1-0")?.state === "running");
  const root = moleculeOf(stage.ledger.world, uid)?.root.uid ?? "";
  const close = { close: "merged:r:c", kind: "merged", reason: "landed", commit: "c" };
  await stage.ledger.append("rigs/alpha/refinery", [closeBead(uid, close)]);
  const digest = derivedUid("digest", root, "1.1");
  await stage.until(() => stage.ledger.world.bead(digest));
  expect(stage.ledger.world.bead(digest)?.fields["gt.digest"]).toMatchObject({
    bead: "al-1",
    worker: nux,
    machine: "vm-a",
    commit: "c",
  });
  expect(stage.ledger.world.bead(root)?.deleted).toBe(true);
  expect(stage.failures).toEqual([]);
});

test("a worktree of an older attempt makes room for the next, and loses nothing", async () => {
  await using stage = await openStage({
    worker: `
      if (process.env.GT_EPOCH === "1.1.0") writeFileSync("old.txt", "old");
      say("up " + process.env.GT_EPOCH); stay();`,
  });
  const { ports } = await stage.start();
  await stage.claim("al-1", "1.1");
  await stage.until(() => stage.heard.includes("up 1.1.0"));
  await stage.claim("al-1", "2.1");
  await stage.until(() => stage.heard.includes("up 2.1.0"));
  const path = join(stage.home, "rigs/alpha/polecats/nux");
  expect(await worktreeState(path)).toMatchObject({ branch: "polecat/al-1/2.1", dirty: [] });
  expect(await stage.scratch.ref("refs/gastown/checkpoint/al-1/1.1:old.txt")).toBeDefined();
  const record = JSON.parse(
    await readFile(join(stage.home, "sessions/nux-al-1-2-1-0/session.json"), "utf8"),
  );
  expect(record).toMatchObject({ epoch: "2.1.0", state: "running" });
  expect(ports.sessions.get("nux-al-1-1-1-0")?.state).toBe("removed");
});
