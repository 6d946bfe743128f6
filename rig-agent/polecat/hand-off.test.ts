import { existsSync } from "node:fs";
import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { releaseBead, setFields } from "#services/ledger/drafts.ts";
import { inbox } from "#services/mail/mail.ts";
import { completeDraft } from "#services/molecules/advance.ts";
import { cursorOf } from "#services/molecules/cursor.ts";
import { findStep, type MoleculeView, moleculeOf, nextStep } from "#services/molecules/progress.ts";
import { submitDrafts } from "#services/molecules/submit.ts";
import { wantedHandOff } from "./gather.ts";
import type { PolecatPorts } from "./ports.ts";
import { type PolecatSession, workerOf } from "./sessions.ts";
import { openStage } from "./stage.ts";

// Many real gits and processes; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

const nux = "rigs/alpha/polecats/nux";
const slit = "rigs/alpha/polecats/slit";
const name = "nux-al-1-1-1-0";
const works = `
  if (!existsSync("a.txt")) {
    writeFileSync("a.txt", "a"); git("add", "-A"); git("commit", "-qm", "a");
    writeFileSync("b.txt", "not committed");
  }
  say("up " + process.env.GT_EPOCH + git("status", "--porcelain")); stay();`;

type Stage = Awaited<ReturnType<typeof openStage>>;

/** A worker of vm-a that has done its first step, and has a commit and a change of its own. */
async function atWork(stage: Stage, change?: (ports: PolecatPorts) => PolecatPorts) {
  const { ports } = await stage.start(change);
  const uid = await stage.claim("al-1", "1.1");
  const session = await stage.until(() => {
    const found = ports.sessions.get(name);
    return stage.heard.length === 1 && found?.state === "running" && found;
  });
  await complete(stage, uid, session, "load-context");
  return { ports, uid, session };
}

async function complete(stage: Stage, uid: string, session: PolecatSession, wanted: string) {
  const molecule = moleculeOf(stage.ledger.world, uid);
  const step = molecule && findStep(molecule, wanted);
  if (!step) throw new Error(`no step ${wanted}`);
  const done = completeDraft(step, workerOf(session), { summary: wanted, commit: "" });
  await stage.ledger.append(session.agent, [done]);
}

function wish(stage: Stage, uid: string, to = "vm-b") {
  const wanted = { to, epoch: "1.1", by: "ann" };
  return stage.ledger.append("ann", [setFields(uid, { "gt.handoff": wanted })]);
}

function isHandedOff(stage: Stage, ports: PolecatPorts, uid: string) {
  return stage.until(() => {
    const { claim } = stage.ledger.world.bead(uid) ?? {};
    return claim?.released && ports.sessions.get(name)?.state === "removed";
  });
}

function reasonOf({ ledger }: Stage, uid: string) {
  return ledger.world.state(uid)?.releases.get("1.1")?.reason;
}

test("another machine goes on at the same step with all of the work", async () => {
  await using stage = await openStage({ worker: works });
  const { ports, uid, session } = await atWork(stage);
  const { world } = stage.ledger;
  const before = moleculeOf(world, uid)?.root.uid;
  await wish(stage, uid);
  await isHandedOff(stage, ports, uid);
  expect(reasonOf(stage, uid)).toBe("handed off to vm-b by ann");
  expect(session.process && (await ports.runtime.isAlive(session.process))).toBe(false);
  expect(existsSync(session.worktree)).toBe(false);

  await using other = await openStage({ worker: works, machine: "vm-b", beside: stage });
  const { ports: there } = await other.start();
  const cursor = cursorOf(moleculeOf(world, uid) as MoleculeView);
  await other.claim("al-1", "1.2", slit, cursor);
  await other.until(() => other.heard.length === 1);
  expect(other.heard).toEqual(["up 1.2.0?? b.txt"]);
  const { worktree } = there.sessions.get("slit-al-1-1-2-0") as PolecatSession;
  expect(await readFile(join(worktree, "a.txt"), "utf8")).toBe("a");
  expect(await readFile(join(worktree, "b.txt"), "utf8")).toBe("not committed");
  const molecule = moleculeOf(world, uid) as MoleculeView;
  expect(molecule.root).toMatchObject({ uid: before, assignee: slit });
  expect(nextStep(molecule)?.name).toBe("branch-setup");
  const letter = inbox(world, slit).find(({ title }) => title === "ASSIGNMENT");
  const said = String(letter?.fields["description"]);
  expect(said).toContain(`attempt 1.1 of ${nux} on vm-a (handed off to vm-b by ann).`);
  expect(said).toContain("The step it was at: branch-setup.");
  expect(said).toMatch(
    /holds all of its work, by its checkpoint of [-\d]+ [\d:]+ UTC \(\d+ s old\)/,
  );
  expect(world.bead(uid)?.comments.map(({ text }) => text)).toEqual([
    expect.stringContaining(`1.2 goes on with attempt 1.1 of ${nux} on vm-a`),
  ]);
  expect([...stage.failures, ...other.failures]).toEqual([]);
});

test("after a loss the next worker is told how old its checkpoint is", async () => {
  await using stage = await openStage({ worker: works });
  const { ports, uid, session } = await atWork(stage);
  const { worktree: path } = session;
  const author = { name: "nux", email: "nux@example.org" };
  await ports.git.pushCheckpoint({ path, bead: "al-1", epoch: "1.1", author });
  await stage.close(); // Nobody hears of vm-a any more.
  await stage.ledger.append("rigs/alpha/authority", [releaseBead(uid, "1.1", "vm-a is lost")]);
  await using other = await openStage({ worker: works, machine: "vm-b", beside: stage });
  await other.start();
  // The step's own commit was amended since: no ref has it.
  const cursor = { steps: {}, commit: "1234567890123456789012345678901234567890" };
  await other.claim("al-1", "1.2", slit, cursor);
  await other.until(() => other.heard.length === 1);
  expect(other.heard).toEqual(["up 1.2.0?? b.txt"]);
  const letter = inbox(stage.ledger.world, slit).find(({ title }) => title === "ASSIGNMENT");
  const said = String(letter?.fields["description"]);
  expect(said).toMatch(/its work up to its last checkpoint of .* UTC \(\d+ s old\)/);
});

test("work that is nowhere any more is handed to a person, not begun anew in silence", async () => {
  await using stage = await openStage({ worker: works });
  await stage.start();
  const cursor = { steps: {}, commit: "1234567890123456789012345678901234567890" };
  const uid = await stage.claim("al-1", "1.1", nux, cursor);
  await stage.until(() => stage.ledger.world.bead(uid)?.claim?.exit === "ESCALATE");
  const [letter] = inbox(stage.ledger.world, "overseer");
  expect(letter?.fields["description"]).toContain("the commit 123456789012");
});

test("with the remote away the worker goes on and keeps its bead", async () => {
  await using stage = await openStage({ worker: works });
  const { ports, uid, session } = await atWork(stage);
  const { remote } = stage.scratch;
  await rename(remote, `${remote}.away`);
  await wish(stage, uid);
  await stage.until(() => stage.failures.length > 0);
  expect(stage.ledger.world.bead(uid)?.claim?.released).toBe(false);
  expect(session.process && (await ports.runtime.isAlive(session.process))).toBe(true);
  await rename(`${remote}.away`, remote);
  await isHandedOff(stage, ports, uid);
  expect(await stage.scratch.ref("refs/gastown/checkpoint/al-1/1.1:b.txt")).toBeDefined();
});

test("what was not started yet is given back at once", async () => {
  await using stage = await openStage({ worker: works });
  const uid = await stage.claim("al-1", "1.1");
  await wish(stage, uid, "");
  await stage.start();
  await stage.until(() => stage.ledger.world.bead(uid)?.claim?.released);
  expect(reasonOf(stage, uid)).toBe("handed off by ann");
  expect(stage.heard).toEqual([]);
});

test("what was submitted is the merge queue's", async () => {
  await using stage = await openStage({ worker: works });
  const { uid, session } = await atWork(stage);
  const { ledger } = stage;
  const work = () => ledger.world.bead(uid) ?? expect.fail("the bead is there");
  const merge = { commit: "abc", target: "main" };
  await stage.close();
  await wish(stage, uid);
  expect(wantedHandOff(ledger.world, work())).toBeDefined();
  const drafts = submitDrafts(ledger.world, work(), workerOf(session), merge);
  await ledger.append(nux, drafts);
  expect(wantedHandOff(ledger.world, work())).toBeUndefined();
});

/** Let the process die at the nth effect of a hand-off, before or after it was done. */
function crashAt(ports: PolecatPorts, at: number, when: "before" | "after", crash: () => void) {
  let count = 0;
  const isWished = () =>
    ports.ledger.world.ofType("task").some((bead) => bead.fields["gt.handoff"]);
  const fragile = <A extends unknown[], R>(effect: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      if (!isWished()) return effect(...args);
      count += 1;
      const isHere = count === at;
      const isDead = count > at || (isHere && when === "before");
      const result = isDead ? undefined : await effect(...args);
      if (count < at) return result as R;
      crash();
      return new Promise<R>(() => {}); // A dead process does nothing more.
    };
  };
  const { git, ledger, sessions, runtime } = ports;
  return {
    ...ports,
    sessions: { ...sessions, put: fragile(sessions.put) },
    ledger: { ...ledger, append: fragile(ledger.append) },
    runtime: { ...runtime, end: fragile(runtime.end) },
    git: {
      ...git,
      pushCheckpoint: fragile(git.pushCheckpoint),
      removeWorktree: fragile(git.removeWorktree),
    },
  };
}

// Push, end, record, push, release; then, as after any release, its worktree goes.
const crashes = [
  ...[1, 2, 3, 4, 5, 6, 7].map((at) => ({ at, when: "before" as const })),
  ...[2, 4, 5].map((at) => ({ at, when: "after" as const })),
];

test.for(crashes)(
  "killed $when its effect $at, a hand-off goes on, and all is saved",
  async (crash) => {
    await using stage = await openStage({ worker: works });
    const dead = Promise.withResolvers<void>();
    const change = (ports: PolecatPorts) => crashAt(ports, crash.at, crash.when, dead.resolve);
    const { uid } = await atWork(stage, change);
    await wish(stage, uid);
    await dead.promise;
    const { ports } = await stage.startAnew();
    await isHandedOff(stage, ports, uid);
    expect(await stage.scratch.ref("refs/gastown/checkpoint/al-1/1.1:a.txt")).toBeDefined();
    expect(await stage.scratch.ref("refs/gastown/checkpoint/al-1/1.1:b.txt")).toBeDefined();
    expect(reasonOf(stage, uid)).toBe("handed off to vm-b by ann");
    expect(stage.ledger.world.bead(uid)?.claim).toMatchObject({ respawn: 0, released: true });
    expect(stage.heard).toHaveLength(1);
    expect(stage.failures).toEqual([]);
  },
);

test("a worker that asks for a fresh session goes on in one, and that is no crash", async () => {
  await using stage = await openStage({ worker: works, limits: { respawnsMax: 0 } });
  const { ports, uid, session } = await atWork(stage);
  const { world } = stage.ledger;
  const asked = { epoch: session.epoch, message: "tests are next", atMs: Date.now() };
  await stage.ledger.append(nux, [setFields(uid, { "gt.restart": asked }, session.epoch)]);
  await stage.until(() => stage.heard.length === 2);
  expect(stage.heard[1]).toBe("up 1.1.1?? b.txt");
  const next = await stage.until(() => {
    const found = ports.sessions.get("nux-al-1-1-1-1");
    return found?.state === "running" && found;
  });
  expect(next).toMatchObject({ worktree: session.worktree, branch: session.branch });
  expect(world.bead(uid)?.claim).toMatchObject({ epoch: "1.1", released: false, respawn: 1 });
  const letter = inbox(world, nux).find(({ title }) => title === "HAND-OFF");
  expect(letter?.fields["description"]).toContain("tests are next");
  expect(letter?.fields["description"]).toContain("The step it was at: branch-setup.");
  expect(stage.failures).toEqual([]);
});
