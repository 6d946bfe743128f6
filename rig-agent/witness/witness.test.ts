import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { writeFiles } from "#services/git/scratch-remote.ts";
import { nodeDisk } from "#services/ledger/disk-node.ts";
import { closeBead, setFields } from "#services/ledger/drafts.ts";
import { openWisps } from "#services/ledger/wisp-store.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import { shutdownLetter } from "#services/mail/letters.ts";
import { inbox, sendMail } from "#services/mail/mail.ts";
import { submitDrafts } from "#services/molecules/submit.ts";
import { attemptOf } from "../polecat/assign.ts";
import { pushBranch } from "../polecat/push-branch.ts";
import { type PolecatSession, workerOf } from "../polecat/sessions.ts";
import { openStage } from "../polecat/stage.ts";
import { patrolLimits } from "./judge.ts";
import { currentPatrol } from "./patrol.ts";
import { startWitness } from "./witness.ts";

const nux = "rigs/alpha/polecats/nux";
const name = "nux-al-1-1-1-0";
const commits = `
  if (!existsSync("a.txt")) {
    writeFileSync("a.txt", "a"); git("add", "-A"); git("commit", "-qm", "a");
  }
  say("up " + process.env.GT_EPOCH); stay();`;

/** A stage with a Witness, and a polecat at work. */
async function openPatrol(worker: string, clock?: Clock) {
  const stage = await openStage({ worker, ...(clock && { clock }) });
  const { ports } = await stage.start();
  const wisps = await openWisps({
    dir: `${stage.home}/wisp`,
    machine: "vm-a",
    disk: nodeDisk,
    nowMs: ports.clock.nowMs,
  });
  wisps.onChange(stage.ring);
  const notices: string[] = [];
  const witness = startWitness({
    ports,
    wisps,
    limits: patrolLimits,
    report: (error) => stage.failures.push(String(error)),
    notice: (what) => notices.push(what),
  });
  const uid = await stage.claim("al-1", "1.1");
  const session = await stage.until(() => {
    const found = ports.sessions.get(name);
    return stage.heard.length === 1 && found?.state === "running" && found;
  });
  const digests = () =>
    stage.ledger.world.ofType("event").filter((bead) => bead.fields["gt.patrol"] !== undefined);
  return {
    stage,
    ports,
    wisps,
    witness,
    notices,
    uid,
    session,
    digests,
    [Symbol.asyncDispose]: async () => {
      await stage.close();
      await witness.ended;
      await wisps.close();
      await stage[Symbol.asyncDispose]();
    },
  };
}

type Scene = Awaited<ReturnType<typeof openPatrol>>;

/** What a worker does at its end: submit, exit COMPLETED, ask for its shutdown. */
async function leaveCompleted({ stage, ports, uid, session }: Scene, submit = true) {
  const { ledger } = stage;
  const worker = workerOf(session);
  const work = () => {
    const bead = ledger.world.bead(uid);
    if (!bead) throw new Error("the bead is there");
    return bead;
  };
  if (submit) {
    const { commit } = await pushBranch(ports, worker, ports.signal);
    const merge = { commit, target: "main" };
    await ledger.append(nux, submitDrafts(ledger.world, work(), worker, merge));
  }
  const exit = { kind: "COMPLETED", epoch: session.epoch, summary: "did it" };
  await ledger.append(nux, [setFields(uid, { "gt.exit": exit }, session.epoch)]);
  await askForShutdown({ stage, session, uid });
}

async function askForShutdown({ stage, session, uid }: Pick<Scene, "stage" | "session" | "uid">) {
  const work = stage.ledger.world.bead(uid);
  if (!work) throw new Error("the bead is there");
  const letter = shutdownLetter(attemptOf(session, work), "COMPLETED");
  await stage.ledger.append(nux, sendMail(stage.ledger.world, letter));
}

function isOver({ stage, ports }: Scene, state: PolecatSession["state"]) {
  return stage.until(() => {
    const session = ports.sessions.get(name);
    const unread = inbox(stage.ledger.world, "machines/vm-a/witness", { unreadOnly: true });
    return session?.state === state && unread.length === 0 && session;
  });
}

test("one that has submitted and asks is verified, ended, and its worktree removed", async () => {
  await using scene = await openPatrol(commits);
  const { stage, ports, session, uid, digests } = scene;
  await leaveCompleted(scene);
  await isOver(scene, "removed");
  expect(existsSync(session.worktree)).toBe(false);
  expect(session.process && (await ports.runtime.isAlive(session.process))).toBe(false);
  expect(stage.ledger.world.bead(uid)?.claim?.released).toBe(false);
  const patrol = scene.wisps.world.ofType("molecule").find((bead) => bead.fields["gt.patrol"]);
  const [digest] = await stage.until(() => digests().length > 0 && digests());
  expect([digest?.uid, digest?.id]).toEqual([patrol?.uid, patrol?.id]);
  expect(digest).toMatchObject({ labels: ["digest"], title: "Patrol of vm-a: 1 polecat" });
  expect(digest?.fields["description"]).toBe(`${nux} on al-1 (1.1): COMPLETED`);
  const leases = () => currentPatrol(scene.wisps.world, "vm-a")?.leases ?? [];
  await stage.until(() => leases().length === 0);
  expect(stage.failures).toEqual([]);
});

test("a worktree with changes that no commit has is kept, beside its checkpoint", async () => {
  await using scene = await openPatrol(commits);
  const { stage, session } = scene;
  const worker = workerOf(session);
  await pushBranch(scene.ports, worker, scene.ports.signal);
  await writeFiles(session.worktree, { "b.txt": "only here" });
  const head = (await scene.ports.git.worktreeState(session.worktree)).head;
  const { ledger } = stage;
  const work = ledger.world.bead(scene.uid);
  const merge = { commit: head, target: "main" };
  await ledger.append(nux, work ? submitDrafts(ledger.world, work, worker, merge) : []);
  await leaveCompleted(scene, false);
  const ended = await isOver(scene, "ended");
  expect(ended.kept).toBe("1 uncommitted changes (b.txt)");
  expect(existsSync(`${session.worktree}/b.txt`)).toBe(true);
  expect(await stage.scratch.ref("refs/gastown/checkpoint/al-1/1.1:b.txt")).toBeDefined();
  const [letter] = inbox(ledger.world, "overseer");
  expect(letter?.title).toBe("KEPT al-1");
  // Landing frees it.
  const merged = { close: "merged:x", kind: "merged", reason: "landed", commit: head };
  await ledger.append("rigs/alpha/refinery", [closeBead(scene.uid, merged)]);
  await isOver(scene, "removed");
  expect(existsSync(session.worktree)).toBe(false);
});

test("COMPLETED without a merge request is escalated, and the work is kept safe", async () => {
  await using scene = await openPatrol(commits);
  const { stage, uid } = scene;
  await leaveCompleted(scene, false);
  await isOver(scene, "removed");
  const work = stage.ledger.world.bead(uid);
  expect(work).toMatchObject({ status: "deferred", claim: { released: true, exit: "ESCALATE" } });
  const [letter] = inbox(stage.ledger.world, "overseer");
  expect(letter?.fields["description"]).toContain("there is no merge request of its");
  expect(await stage.scratch.ref("refs/gastown/checkpoint/al-1/1.1:a.txt")).toBeDefined();
});

test("a silent one is nudged by mail, then started again, then handed to a human", async () => {
  let aheadMs = 0;
  const clock: Clock = {
    nowMs: () => Date.now() + aheadMs,
    after: (delayMs, then) => {
      const timer = setTimeout(then, Math.min(delayMs, 50));
      return () => clearTimeout(timer);
    },
  };
  await using scene = await openPatrol("say('up ' + process.env.GT_EPOCH); stay();", clock);
  const { stage, uid, witness } = scene;
  const nudges = () => inbox(stage.ledger.world, nux).filter(({ title }) => title === "NUDGE");
  for (const expected of [1, 2, 3]) {
    aheadMs += 90_000;
    witness.ring();
    await stage.until(() => nudges().length === expected);
  }
  aheadMs += 90_000;
  witness.ring();
  await stage.until(() => stage.heard.includes("up 1.1.1"));
  expect(stage.ledger.world.bead(uid)?.claim?.respawn).toBe(1);
  expect(scene.notices.map((what) => what.split(":")[0])).toEqual([
    "nudge",
    "nudge",
    "nudge",
    "restart",
  ]);
});

test("a restart finds its leases again", async () => {
  await using scene = await openPatrol(commits);
  const { stage, ports, wisps, digests } = scene;
  const lease = await stage.until(() => {
    return currentPatrol(wisps.world, "vm-a")?.leases[0];
  });
  expect(lease.title).toBe(`${nux} on al-1, epoch 1.1`);
  const again = await openWisps({
    dir: `${stage.home}/wisp`,
    machine: "vm-a",
    disk: nodeDisk,
    nowMs: ports.clock.nowMs,
  });
  expect(currentPatrol(again.world, "vm-a")?.leases.map(({ uid }) => uid)).toEqual([lease.uid]);
  await again.close();
  expect(digests()).toEqual([]);
});

test("a shutdown ends who asked for it: no other worker, no later one of its name", async () => {
  await using scene = await openPatrol(commits);
  const { stage, ports, session } = scene;
  const other = await stage.claim("al-2", "1.1", "rigs/alpha/polecats/slit");
  await stage.until(() => ports.sessions.get("slit-al-2-1-1-0")?.state === "running");
  const unread = () => inbox(stage.ledger.world, "machines/vm-a/witness", { unreadOnly: true });
  // Of an incarnation before, whose letter comes late; it says as its exit what was never said.
  await askForShutdown({ stage, uid: other, session: { ...session, epoch: "1.0.7" } });
  await stage.until(() => unread().length === 0);
  await leaveCompleted(scene);
  await isOver(scene, "removed");
  const slit = ports.sessions.get("slit-al-2-1-1-0");
  expect(slit?.state).toBe("running");
  expect(slit?.process && (await ports.runtime.isAlive(slit.process))).toBe(true);
});

test("a worker that is still starting is not helped to death", async () => {
  let aheadMs = 0;
  const clock: Clock = {
    nowMs: () => Date.now() + aheadMs,
    after: (delayMs, then) => {
      const timer = setTimeout(then, Math.min(delayMs, 50));
      return () => clearTimeout(timer);
    },
  };
  await using scene = await openPatrol(commits, clock);
  const { stage, ports, witness } = scene;
  const starting = { ...scene.session, name: "slit-al-2-1-1-0", bead: "al-2", state: "starting" };
  const { process: _none, ...record } = starting as PolecatSession;
  await ports.sessions.put(record);
  aheadMs += 80 * 60_000; // Its set-up takes long.
  witness.ring();
  await stage.until(() => scene.notices.length > 0);
  expect(scene.notices.every((what) => what.startsWith("nudge"))).toBe(true);
  expect(ports.sessions.get(record.name)?.state).toBe("starting");
});
