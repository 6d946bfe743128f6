import { expect, test } from "vitest";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { addEdges, closeBead, createBead, setFields } from "#services/ledger/drafts.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { openWisps } from "#services/ledger/wisp-store.ts";
import { ManualClock } from "#services/lifecycle/clock.ts";
import { collectEveryMs, runVapour } from "./vapour.ts";

const nux = "rigs/alpha/polecats/nux";

/** A vapour store with its actor, on a clock that is driven. */
async function start() {
  const clock = new ManualClock(1_000);
  const stop = new AbortController();
  const options = { machine: "vm-a", nowMs: clock.nowMs };
  const ledger = await openLedger({ ...options, dir: "/j", disk: new MemoryDisk() });
  const wisps = await openWisps({ ...options, dir: "/wisp", disk: new MemoryDisk() });
  const sessions = [{ agent: nux, state: "running" as "running" | "removed" }];
  const collected: string[] = [];
  const failures: string[] = [];
  const uid = derivedUid("machine", "vm-a");
  await ledger.append("ann", [
    createBead({ uid, id: "hq-machine-vm-a", title: "vm-a", issueType: "machine" }),
    createBead({ uid: "t", id: "hq-t", title: "waits" }),
  ]);
  const run = () =>
    runVapour({
      ports: {
        ...{ ledger, clock, machine: "vm-a", signal: stop.signal },
        sessions: { list: () => sessions },
      },
      wisps,
      maxAgeMs: collectEveryMs,
      report: (error) => failures.push(String(error)),
      log: { info: ({ wisps: ids }) => collected.push(...ids.map((id) => id.slice(8))) },
    });
  return { clock, ledger, wisps, sessions, collected, failures, run, stop };
}

/** Let everything that was begun come to its end: nothing here takes time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((next) => setImmediate(next));
}

/** Let minutes pass, ten at a time, each with what it brings. */
async function pass(clock: ManualClock, minutes: number): Promise<void> {
  for (let passed = 0; passed < minutes; passed += 10) {
    clock.advance(600_000);
    await settle();
  }
}

const wisp = (uid: string, assignee?: string) =>
  createBead({ uid, id: `hq-wisp-${uid}`, title: uid, assignee });
const close = (uid: string) => closeBead(uid, { close: "x", kind: "done", reason: "ok" });

test("wisps go by age, at the start and every hour; one whose polecat is gone, later", async () => {
  const scene = await start();
  const { clock, wisps, sessions, collected } = scene;
  await wisps.append("w", [wisp("old"), close("old"), wisp("owned", nux), wisp("ours")]);
  clock.advance(collectEveryMs + 1);
  await wisps.append("w", [wisp("young"), close("young")]);
  const { ended } = scene.run();
  await settle();
  expect(collected).toEqual(["old"]);
  await pass(clock, 70); // It is past its age by now, and the hour was full before that.
  expect(collected).toEqual(["old"]);
  await pass(clock, 50);
  expect(collected).toEqual(["old", "young"]);
  await pass(clock, 9 * 60);
  expect(collected).toEqual(["old", "young"]);
  sessions.splice(0, 1, { agent: nux, state: "removed" });
  await pass(clock, 60);
  expect(collected).toEqual(["old", "young", "owned"]);
  expect([...wisps.world.all()].map(({ uid }) => uid)).toEqual(["ours"]);
  expect(scene.failures).toEqual([]);
  scene.stop.abort();
  await ended;
});

test("what the ledger names is reserved at once, and closes with its wisp", async () => {
  const scene = await start();
  const { ledger, wisps } = scene;
  await wisps.append("w", [wisp("a"), wisp("b")]);
  // Named while nobody looked, as by a process that ended before it reserved.
  await ledger.append("ann", [addEdges("t", [{ to: "hq-wisp-a", type: "blocks" }])]);
  const { ended } = scene.run();
  await settle();
  expect(ledger.world.bead("hq-wisp-a")).toMatchObject({ uid: "a", status: "open" });
  await ledger.append("ann", [setFields("t", { "gt.hook": "b" })]);
  await settle();
  expect(ledger.world.bead("b")?.fields).toMatchObject({ "gt.wisp": { machine: "vm-a" } });
  await wisps.append("w", [close("a")]);
  await settle();
  expect(ledger.world.bead("a")).toMatchObject({ status: "closed", closeKind: "done" });
  expect(ledger.world.bead("b")?.status).toBe("open");
  expect(scene.failures).toEqual([]);
  scene.stop.abort();
  await ended;
});

test("one that was collected while it was reserved closes as burned", async () => {
  const scene = await start();
  const { clock, ledger, wisps, sessions } = scene;
  sessions.splice(0, 1);
  await wisps.append("w", [wisp("a", nux)]);
  const { ended } = scene.run();
  await ledger.append("ann", [addEdges("t", [{ to: "a", type: "blocks" }])]);
  await settle();
  await pass(clock, 8 * 60);
  expect(wisps.world.size()).toBe(0);
  expect(ledger.world.bead("a")).toMatchObject({ status: "closed", closeKind: "burned" });
  scene.stop.abort();
  await ended;
});
