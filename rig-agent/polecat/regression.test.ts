import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { expect, test, vi } from "vitest";
import { closeBead, releaseBead, setFields } from "#services/ledger/drafts.ts";
import { retire } from "./retire.ts";
import type { PolecatSession } from "./sessions.ts";
import { openStage } from "./stage.ts";

// Losses that others had, each as a test. Many real processes; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

const nux = "rigs/alpha/polecats/nux";
const works = 'say(["up", process.env.GT_BEAD, process.env.GT_EPOCH].join(" ")); stay();';

type Stage = Awaited<ReturnType<typeof openStage>>;
type Ports = Awaited<ReturnType<Stage["start"]>>["ports"];

function running(stage: Stage, ports: Ports, name: string): Promise<PolecatSession> {
  return stage.until(() => {
    const found = ports.sessions.get(name);
    const said = `up ${found?.beadId} ${found?.epoch}`;
    return found?.state === "running" && stage.heard.includes(said) && found;
  });
}

const isAlive = ({ runtime }: Ports, { process }: PolecatSession) =>
  process !== undefined && runtime.isAlive(process);

test("a late DONE does not end a new worker of the same name", async () => {
  await using stage = await openStage({ worker: works });
  const { ports } = await stage.start();
  const uid = await stage.claim("al-1", "1.1");
  await running(stage, ports, "nux-al-1-1-1-0");
  await stage.ledger.append("rigs/alpha/authority", [releaseBead(uid, "1.1", "lost")]);
  await stage.claim("al-1", "1.2");
  const next = await running(stage, ports, "nux-al-1-1-2-0");
  for (const kind of ["COMPLETED", "ESCALATE"]) {
    const exit = { kind, epoch: "1.1.0", summary: "done!" };
    await stage.ledger.append(nux, [
      setFields(uid, { "gt.exit": exit }, "1.1.0"),
      releaseBead(uid, "1.1", "done!", kind),
      closeBead(uid, { close: "late", kind: "done", reason: "done!", epoch: "1.1.0" }),
    ]);
  }
  // A later claim elsewhere in its loop is started by it, so it has heard all that came before.
  await stage.claim("al-2", "1.1", "rigs/alpha/polecats/slit");
  await running(stage, ports, "slit-al-2-1-1-0");
  expect(ports.sessions.get(next.name)?.state).toBe("running");
  expect(await isAlive(ports, next)).toBe(true);
  expect(stage.ledger.world.bead(uid)).toMatchObject({ status: "in_progress" });
});

test("a restart does not take up a bead that was closed meanwhile", async () => {
  await using stage = await openStage({ worker: works });
  const { ports } = await stage.start();
  const uid = await stage.claim("al-1", "1.1");
  const session = await running(stage, ports, "nux-al-1-1-1-0");
  await stage.close();
  if (session.process) await ports.runtime.end(session.process);
  const closing = { close: "hand", kind: "done", reason: "done by hand" };
  await stage.ledger.append("ann", [closeBead(uid, closing)]);
  const again = await stage.start();
  await stage.until(() => again.ports.sessions.get(session.name)?.state === "removed");
  await stage.claim("al-2", "1.1", "rigs/alpha/polecats/slit");
  await stage.until(() => stage.heard.length === 2);
  expect(stage.heard).toEqual(["up al-1 1.1.0", "up al-2 1.1.0"]);
  expect(stage.ledger.world.bead(uid)?.claim?.respawn).toBe(0);
});

test("a claim whose worker is on no list any more gets a new one", async () => {
  await using stage = await openStage({ worker: works });
  const { ports } = await stage.start();
  await stage.claim("al-1", "1.1");
  const session = await running(stage, ports, "nux-al-1-1-1-0");
  await stage.close();
  if (session.process) await ports.runtime.end(session.process);
  await rm(`${stage.home}/sessions`, { recursive: true });
  await stage.start();
  await stage.until(() => stage.heard.length === 2);
  expect(stage.heard[1]).toBe("up al-1 1.1.1");
});

test("a live worktree is not removed on the word of a list that is out of date", async () => {
  await using stage = await openStage({ worker: works });
  const { ports } = await stage.start();
  const uid = await stage.claim("al-1", "1.1");
  const old = await running(stage, ports, "nux-al-1-1-1-0");
  await stage.ledger.append("rigs/alpha/authority", [releaseBead(uid, "1.1", "lost")]);
  await stage.until(() => ports.sessions.get(old.name)?.state === "removed");
  await stage.claim("al-2", "1.1");
  const next = await running(stage, ports, "nux-al-2-1-1-0");
  expect(next.worktree).toBe(old.worktree);
  await stage.close();
  await ports.sessions.put({ ...old, state: "ended", token: "" });
  await retire(ports, old.name, true);
  expect(existsSync(next.worktree)).toBe(true);
  expect(await isAlive(ports, next)).toBe(true);
});

test("a name whose last worker still runs is not given to a second one", async () => {
  await using stage = await openStage({ worker: works });
  const { ports } = await stage.start();
  const uid = await stage.claim("al-1", "1.1");
  const first = await running(stage, ports, "nux-al-1-1-1-0");
  await rm(first.worktree, { recursive: true, force: true }); // So that no worktree is in the way.
  await stage.claim("al-2", "1.1");
  await stage.until(() => stage.failures.some((words) => words.includes("is still at work as")));
  expect(stage.heard).toEqual(["up al-1 1.1.0"]);
  await stage.ledger.append("rigs/alpha/authority", [releaseBead(uid, "1.1", "lost")]);
  await running(stage, ports, "nux-al-2-1-1-0");
  expect(await isAlive(ports, first)).toBe(false);
});

test("two claims of one bead are two branches", async () => {
  await using stage = await openStage({ worker: works });
  const { ports } = await stage.start();
  const uid = await stage.claim("al-1", "1.1");
  const first = await running(stage, ports, "nux-al-1-1-1-0");
  await stage.ledger.append("rigs/alpha/authority", [releaseBead(uid, "1.1", "lost")]);
  await stage.claim("al-1", "1.2", "rigs/alpha/polecats/slit");
  const second = await running(stage, ports, "slit-al-1-1-2-0");
  expect(second.branch).not.toBe(first.branch);
  await stage.until(() => ports.sessions.get(first.name)?.state === "removed");
  expect(await isAlive(ports, first)).toBe(false);
});
