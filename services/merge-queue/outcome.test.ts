import { expect, test } from "vitest";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import {
  addEdges,
  claimBead,
  closeBead,
  createBead,
  releaseBead,
  reopenBead,
  setFields,
} from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { isReady } from "#services/ledger/readiness.ts";
import { inbox } from "#services/mail/mail.ts";
import { landingState } from "./landings.ts";
import { held, landed, refineryOf, rejected, withdrawn } from "./outcome.ts";
import { headOf, mergeQueue } from "./queue.ts";

const worker = "rigs/alpha/polecats/nux";
const refinery = refineryOf("alpha");
const failed = {
  gate: "test",
  commit: "k1",
  passed: false,
  exitCode: 1,
  elapsedMs: 5,
  output: "no",
};
const rejection = { as: "rejected", why: "gate test failed", results: [failed] } as const;

async function open(): Promise<Ledger> {
  let nowMs = 1_000;
  const disk = new MemoryDisk();
  return openLedger({ dir: "/journal", machine: "vm-a", disk, nowMs: () => (nowMs += 1_000) });
}

function submit(name: string, epoch = "1.1"): Draft[] {
  const merge = { rig: "alpha", branch: name, commit: `c-${name}`, target: "main", epoch, worker };
  const fields = { "gt.work": name, "gt.merge": merge, "gt.merge_state": "queued" };
  const id = `al-${name}.mr-${epoch.replace(".", "-")}`;
  return [
    claimBead(name, epoch, { machine: "vm-a", polecat: worker }),
    createBead({ uid: `mr-${name}-${epoch}`, id, title: id, issueType: "merge-request", fields }),
  ];
}

async function openWith(...names: string[]): Promise<Ledger> {
  const ledger = await open();
  const drafts = names.flatMap((name) => [
    createBead({ uid: name, id: `al-${name}`, title: `Do ${name}` }),
    ...submit(name),
  ]);
  await ledger.append("overseer", drafts);
  return ledger;
}

function queued(ledger: Ledger, uid: string) {
  const found = mergeQueue(ledger.world, "alpha").find((request) => request.uid === uid);
  if (!found) throw new Error(`${uid} is not in the queue`);
  return found;
}

const never = () => false;

test("the queue of a rig has places, and what waits for another bead is passed over", async () => {
  const { world, append } = await openWith("a", "b", "c");
  await append("overseer", [addEdges("a", [{ to: "x", type: "blocks" }])]);
  await append("overseer", [createBead({ uid: "x", id: "al-x", title: "First" })]);
  await append("overseer", [addEdges("b", [{ to: "c", type: "blocks" }])]);
  const queue = mergeQueue(world, "alpha");
  expect(queue.map(({ uid, position }) => [uid, position])).toEqual([
    ["mr-a-1.1", 1],
    ["mr-c-1.1", 2],
    ["mr-b-1.1", 3],
  ]);
  expect(queue.map(({ waitsFor }) => waitsFor)).toEqual([["al-x"], [], ["al-c"]]);
  expect(headOf(queue, refinery, never)?.uid).toBe("mr-c-1.1");
  expect(mergeQueue(world, "beta")).toEqual([]);
});

test("beads that need each other do not stop the queue", async () => {
  const { world, append } = await openWith("a", "b");
  await append("overseer", [addEdges("a", [{ to: "b", type: "blocks" }])]);
  await append("overseer", [addEdges("b", [{ to: "a", type: "blocks" }])]);
  expect(headOf(mergeQueue(world, "alpha"), refinery, never)?.uid).toBe("mr-a-1.1");
});

test("a request whose claim has not arrived waits; one that was overtaken is stale", async () => {
  const { world, append } = await openWith("a");
  const [, late] = submit("a", "1.2");
  if (late) await append("overseer", [late]);
  expect(queued({ world } as Ledger, "mr-a-1.2").waitsFor).toEqual(["claim 1.2"]);
  await append("overseer", submit("a", "1.2").slice(0, 1));
  expect(queued({ world } as Ledger, "mr-a-1.2").waitsFor).toEqual([]);
  const old = queued({ world } as Ledger, "mr-a-1.1");
  expect(old.stale).toContain("claimed again under 1.2");
  expect(headOf(mergeQueue(world, "alpha"), refinery, never)?.uid).toBe("mr-a-1.1");
  await append(refinery, withdrawn(world, old, old.stale ?? ""));
  expect(withdrawn(world, old, "again")).toEqual([]);
  expect(world.bead("mr-a-1.1")).toMatchObject({ status: "closed", closeKind: "rejected" });
  expect(world.bead("a")?.fields["gt.rejections"]).toBeUndefined();
  expect(world.bead("a")?.claim).toMatchObject({ epoch: "1.2", released: false });
});

test("landed closes the request and its bead once, and a reopened bead stays open", async () => {
  const { world, append } = await openWith("a");
  expect(landingState({ request: "mr-a-1.1", commit: "k1" }, world)).toBe("open");
  const drafts = landed(world, "mr-a-1.1", "k1") ?? [];
  await append(refinery, drafts);
  await append(refinery, drafts);
  const close = { status: "closed", closeKind: "merged", closes: ["merged:mr-a-1.1:k1"] };
  expect(world.bead("a")).toMatchObject({ ...close, closeCommit: "k1", closedBy: refinery });
  expect(world.bead("mr-a-1.1")).toMatchObject(close);
  expect(world.bead("mr-a-1.1")?.fields["gt.landed_commit"]).toBe("k1");
  expect(landed(world, "mr-a-1.1", "k1")).toEqual([]);
  const bead = world.bead("a");
  if (bead) await append("overseer", [reopenBead(bead, "it does not hold")]);
  expect(landed(world, "mr-a-1.1", "k1")).toEqual([]);
  expect(landingState({ request: "mr-a-1.1", commit: "k1" }, world)).toBe("settled");
  expect(landed(world, "mr-elsewhere", "k1")).toBeUndefined();
  expect(landingState({ request: "mr-elsewhere", commit: "k1" }, world)).toBe("unknown");
});

test("a rejection releases the bead and leaves the words; half of it is made whole", async () => {
  const ledger = await openWith("a");
  const { world, append } = ledger;
  const request = queued(ledger, "mr-a-1.1");
  await append(refinery, rejected(world, request, rejection).slice(0, 3));
  await append(refinery, rejected(world, request, rejection));
  expect(rejected(world, request, rejection)).toEqual([]);
  const bead = world.bead("a");
  expect(bead && isReady(bead, world, 0)).toBe(true);
  expect(bead?.fields["gt.rejections"]).toBe(1);
  expect(bead?.comments).toHaveLength(1);
  expect(bead?.comments[0]?.text).toContain("gate test failed");
  expect(inbox(world, worker).map(({ title }) => title)).toEqual(["REJECTED al-a.mr-1-1: Do a"]);
  const shown = { status: "closed", closeKind: "rejected", closeReason: "gate test failed" };
  expect(world.bead("mr-a-1.1")).toMatchObject(shown);
  // The next claim does not bring it back.
  await append("overseer", submit("a", "1.2"));
  expect(world.bead("mr-a-1.1")).toMatchObject(shown);
});

test("every third rejection defers the bead and tells the overseer", async () => {
  const ledger = await open();
  const { world, append } = ledger;
  await append("overseer", [createBead({ uid: "a", id: "al-a", title: "Do a" })]);
  const statuses: string[] = [];
  for (let n = 1; n <= 6; n += 1) {
    await append("overseer", submit("a", `1.${n}`));
    await append(refinery, rejected(world, queued(ledger, `mr-a-1.${n}`), rejection));
    statuses.push(world.bead("a")?.status ?? "");
    await append("overseer", [setFields("a", { status: "open" })]);
  }
  expect(statuses).toEqual(["open", "open", "deferred", "open", "open", "deferred"]);
  const [last, first] = inbox(world, "overseer");
  expect(first?.title).toBe("REJECTED 3 times, deferred: al-a: Do a");
  expect(first?.fields["description"]).toContain("gt update al-a --status open");
  expect(last?.title).toBe("REJECTED 6 times, deferred: al-a: Do a");
});

test("a request that was reopened by hand can be rejected again", async () => {
  const ledger = await openWith("a");
  const { world, append } = ledger;
  await append(refinery, rejected(world, queued(ledger, "mr-a-1.1"), rejection));
  const closed = world.bead("mr-a-1.1");
  if (closed) await append("overseer", [reopenBead(closed, "try again")]);
  await append(refinery, rejected(world, queued(ledger, "mr-a-1.1"), rejection));
  expect(world.bead("mr-a-1.1")?.status).toBe("closed");
});

test("what the Refinery put on hold it may try again; what a person held it may not", async () => {
  const ledger = await openWith("a", "b");
  const { world, append } = ledger;
  await append(refinery, held(world, queued(ledger, "mr-a-1.1"), "refused deadbeef01"));
  await append("overseer", [setFields("mr-b-1.1", { "gt.merge_state": "held" })]);
  const queue = mergeQueue(world, "alpha");
  expect(queue.map(({ uid, position }) => [uid, position])).toEqual([
    ["mr-a-1.1", 0],
    ["mr-b-1.1", 0],
  ]);
  expect(headOf(queue, refinery, never)).toBeUndefined();
  expect(headOf(queue, refinery, () => true)?.uid).toBe("mr-a-1.1");
  expect(held(world, queued(ledger, "mr-a-1.1"), "refused 0123456789")).toEqual([]);
  expect(inbox(world, "overseer")).toHaveLength(1);
});

test("a bead that was closed by hand, or deleted, makes its request stale", async () => {
  const ledger = await openWith("a");
  const closing = { close: "c1", kind: "done", reason: "not needed" };
  await ledger.append("overseer", [releaseBead("a", "1.1", "x"), closeBead("a", closing)]);
  expect(queued(ledger, "mr-a-1.1").stale).toBe("al-a is closed already (done)");
});
