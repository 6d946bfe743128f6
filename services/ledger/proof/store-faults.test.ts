import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ManualClock } from "#services/lifecycle/clock.ts";
import { MemoryDisk } from "../disk-memory.ts";
import { addEdges, closeBead, createBead, moveBead, reopenBead, setFields } from "../drafts.ts";
import { type Ledger, openLedger } from "../ledger.ts";
import { readyBeads } from "../readiness.ts";
import { runLedgerCheckpoints } from "../run-checkpoints.ts";
import { linesOf } from "./crash.ts";
import { smallDisk } from "./small-disk.ts";
import { told, uidsOf } from "./told.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "gt-store-faults-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

const nowMs = () => 1_700_000_100_000;
const close = { close: "1", kind: "done", reason: "" };
const uids = Array.from({ length: 40 }, (_, index) => `u${index}`);

function open(store: string | undefined, disk: MemoryDisk): Promise<Ledger> {
  return openLedger({ dir: "/j", machine: "vm-a", disk, nowMs, ...(store && { store }) });
}

/** Make beads, half of them ended, of which some go down. */
async function fill(ledger: Ledger, from: number, to: number): Promise<void> {
  for (const [index, uid] of [...uids.entries()].slice(from, to)) {
    const fields = { description: `${uid} ${Math.sin(index)} `.repeat(400) };
    const made = createBead({ uid, id: `alpha-${uid}`, title: `Title of ${uid}`, fields });
    await ledger.append("ann", [made]);
    const tier = index % 4 === 1 ? "archive" : "recent";
    if (index % 2 === 1) await ledger.append("ann", [closeBead(uid, close), moveBead(uid, tier)]);
  }
}

/** What a ledger without a checkpoint tells of the same events. */
async function plainly(ledger: Ledger): Promise<unknown> {
  const disk = new MemoryDisk();
  const plain = await openLedger({ dir: "/j", machine: "vm-z", disk, nowMs });
  plain.receive(await linesOf(ledger), "all");
  return told(plain, asked);
}
const asked = { uids, requests: [], nowMs: nowMs() };

test("a checkpoint without room loses nothing, says so once, and is made once there is", async ({
  onTestFinished,
  skip,
}) => {
  const small = smallDisk(2_048, onTestFinished);
  if (!small) return skip("mounting a small tmpfs needs root");
  const disk = new MemoryDisk();
  const path = join(small.dir, "checkpoint.db");
  const ledger = await open(path, disk);
  await fill(ledger, 0, 10);
  await ledger.checkpoint();
  const ballast = join(small.dir, "ballast");
  fillUp(ballast);
  const reopened = ledger.world.bead("u1");
  if (reopened) await ledger.append("ann", [reopenBead(reopened, "again")]);
  const clock = new ManualClock(nowMs());
  const stop = new AbortController();
  const report = (error: unknown) => expect.fail(String(error));
  const actor = runLedgerCheckpoints({ ledger, clock, signal: stop.signal, report });
  await fill(ledger, 10, 40);
  for (let round = 0; round < 3; round += 1) {
    await expect(ledger.checkpoint()).rejects.toMatchObject({ reason: "exhausted" });
    clock.advance(60_000);
    expect(told(ledger, asked)).toEqual(await plainly(ledger));
  }
  const alarms = ledger.alarms().map(({ kind, detail }) => `${kind}: ${detail}`);
  expect(alarms).toHaveLength(1);
  expect(alarms[0]).toContain(`checkpoint: no space left on the disk for the checkpoint ${path}`);
  rmSync(ballast);
  small.remount("size=8m");
  await ledger.checkpoint();
  expect(told(ledger, asked)).toEqual(await plainly(ledger));
  const before = told(ledger, asked);
  stop.abort();
  await actor.ended;
  await ledger.close();
  const again = await open(path, disk);
  expect(told(again, asked)).toEqual(before);
  expect(uidsOf([...again.world.all()])).toHaveLength(21);
  await again.close();
});

/** Take all the room that there is. */
function fillUp(path: string): void {
  for (let bytes = 64 * 1024; bytes >= 512; bytes /= 2) {
    for (let isRoom = true; isRoom; ) {
      try {
        writeFileSync(path, Buffer.alloc(bytes), { flag: "a" });
      } catch {
        isRoom = false;
      }
    }
  }
}

test("closing where there is no room for a checkpoint ends, and loses nothing", async ({
  onTestFinished,
  skip,
}) => {
  const small = smallDisk(512, onTestFinished);
  if (!small) return skip("mounting a small tmpfs needs root");
  const disk = new MemoryDisk();
  const path = join(small.dir, "checkpoint.db");
  const ledger = await open(path, disk);
  await fill(ledger, 0, 2);
  await ledger.checkpoint();
  fillUp(join(small.dir, "ballast"));
  await fill(ledger, 2, 40);
  const before = told(ledger, asked);
  await ledger.close();
  const again = await open(path, disk);
  expect(told(again, asked)).toEqual(before);
  await again.close();
});

test("a checkpoint that is removed under the process is told of, and made anew", async () => {
  const disk = new MemoryDisk();
  const path = join(dir, "removed.db");
  const ledger = await open(path, disk);
  await fill(ledger, 0, 4);
  await ledger.checkpoint();
  for (const end of ["", "-journal"]) rmSync(path + end, { force: true });
  await fill(ledger, 4, 8);
  await expect(ledger.checkpoint()).rejects.toThrow(`${path} was removed under the process`);
  const before = told(ledger, asked);
  expect(before).toEqual(await plainly(ledger));
  await ledger.close();
  const again = await open(path, disk);
  expect(told(again, asked)).toEqual(before);
  expect(again.alarms()).toEqual([]);
  await again.close();
});

test("two processes do not have one checkpoint", async () => {
  const path = join(dir, "two.db");
  const ledger = await open(path, new MemoryDisk());
  const second = open(path, new MemoryDisk());
  await expect(second).rejects.toMatchObject({ reason: "state" });
  await expect(second).rejects.toThrow(`another process has the checkpoint ${path}`);
  await ledger.close();
});

test("a newer version's checkpoint is put aside, one at most", async () => {
  const disk = new MemoryDisk();
  const path = join(dir, "newer.db");
  const first = await open(path, disk);
  await fill(first, 0, 4);
  const before = told(first, asked);
  await first.close();
  for (let round = 0; round < 2; round += 1) {
    const db = new DatabaseSync(path);
    db.exec("UPDATE meta SET value = '99' WHERE name = 'version'; DROP TABLE segment");
    db.close();
    const again = await open(path, disk);
    expect(again.alarms()[0]?.detail).toContain("of form 99, and this version has");
    expect(told(again, asked)).toEqual(before);
    await again.close();
  }
  const left = readdirSync(dir).filter((name) => name.startsWith("newer.db."));
  expect(left).toEqual(["newer.db.old"]);
});

test("what other rules folded is folded anew, so that replicas agree", async () => {
  const disk = new MemoryDisk();
  const path = join(dir, "older-rules.db");
  const first = await open(path, disk);
  await fill(first, 0, 4);
  const before = told(first, asked);
  await first.close();
  const db = new DatabaseSync(path);
  db.exec("UPDATE meta SET value = '2' WHERE name = 'version'");
  db.close();
  // Then late exits and releases were taken by their clocks alone.
  const again = await open(path, disk);
  expect(again.alarms()[0]?.detail).toContain("of form 2, and this version has");
  expect(told(again, asked)).toEqual(before);
  await again.close();
});

test("who was killed as the file was made leaves nothing to tell of", async () => {
  const path = join(dir, "empty.db");
  writeFileSync(path, "");
  const ledger = await open(path, new MemoryDisk());
  expect(ledger.alarms()).toEqual([]);
  await ledger.close();
  expect(existsSync(`${path}.old`)).toBe(false);
});

test("a block that comes in another one's place is not taken for it", async () => {
  const ledger = await open(join(dir, "blocks.db"), new MemoryDisk());
  await ledger.append("ann", [
    createBead({ uid: "u0", id: "alpha-u0", title: "Zero" }),
    createBead({ uid: "u1", id: "alpha-u1", title: "One" }),
    ...["u0", "u1"].map((uid) => closeBead(uid, close)),
  ]);
  await ledger.append("deacon", [moveBead("u0", "archive")]);
  await ledger.checkpoint();
  expect(ledger.history("u0")).toHaveLength(3);
  const zero = ledger.world.bead("u0");
  if (zero) await ledger.append("ann", [reopenBead(zero, "again")]);
  await ledger.checkpoint(); // Its block is gone, and its number is free.
  await ledger.append("deacon", [moveBead("u1", "archive")]);
  await ledger.checkpoint();
  expect(ledger.world.bead("u1")?.title).toBe("One");
  expect(told(ledger, asked)).toEqual(await plainly(ledger));
  await ledger.close();
});

test("what changes amid a checkpoint is not in it, nor what is known of it", async () => {
  const options = { dir: "/p", machine: "vm-b", disk: new MemoryDisk() };
  const peer = await openLedger({ ...options, nowMs: () => nowMs() + 1_000 });
  const [late] = await peer.append("bob", [setFields("u39", { title: "Late" })]);
  const disk = new MemoryDisk();
  const path = join(dir, "amid.db");
  const ledger = await open(path, disk);
  await fill(ledger, 0, 40);
  const made = ledger.checkpoint();
  await setImmediate();
  ledger.receive([late?.line ?? ""], "vm-b");
  expect(ledger.world.bead("u39")?.title).toBe("Late");
  await made;
  const copy = join(dir, "amid-copy.db");
  for (const end of ["", "-journal"]) {
    if (existsSync(path + end)) copyFileSync(path + end, copy + end);
  }
  const killed = await open(copy, disk);
  expect(killed.world.bead("u39")?.title).toBe("Title of u39");
  expect(told(killed, asked)).toEqual(await plainly(killed));
  await Promise.all([killed.close(), ledger.close()]);
});

test.for([{ isTouched: true }, { isTouched: false }])(
  "a parent moved down while held holds its child ($isTouched)",
  async ({ isTouched }) => {
    const disk = new MemoryDisk();
    const path = join(dir, `held-${isTouched}.db`);
    const first = await open(path, disk);
    await first.append("ann", [
      createBead({ uid: "u0", id: "alpha-u0", title: "Cause" }),
      createBead({ uid: "u1", id: "alpha-u1", title: "Parent" }),
      createBead({ uid: "u2", id: "alpha-u2", title: "Child" }),
      addEdges("u1", [{ to: "u0", type: "blocks" }]),
      addEdges("u2", [{ to: "u1", type: "parent-child" }]),
      closeBead("u1", close),
    ]);
    await first.append("deacon", [moveBead("u1", "archive")]);
    await first.close();
    const second = await open(path, disk);
    if (isTouched) await second.append("ann", [setFields("u2", { title: "Child still" })]);
    expect(told(second, asked)).toEqual(await plainly(second));
    await second.append("ann", [closeBead("u0", close)]);
    expect(told(second, asked)).toEqual(await plainly(second));
    expect(uidsOf(readyBeads(second.world, nowMs()))).toEqual(["u2"]);
    await second.close();
  },
);
