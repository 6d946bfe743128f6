import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Disk } from "./disk.ts";
import { MemoryDisk } from "./disk-memory.ts";
import {
  addEdges,
  claimBead,
  closeBead,
  createBead,
  moveBead,
  reopenBead,
  setFields,
} from "./drafts.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import { readyBeads } from "./readiness.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "gt-checkpoint-"));
});
afterAll(() => rm(dir, { recursive: true }));

const nowMs = () => 1_000_000;
const close = { close: "1", kind: "done", reason: "" };

function open(name: string, disk: Disk, machine = "vm-a"): Promise<Ledger> {
  return openLedger({ dir: "/j", machine, disk, nowMs, store: join(dir, name) });
}

/** A disk that counts what is read of it, and whose syncs can be held. */
function watchedDisk(disk = new MemoryDisk()) {
  const read: string[] = [];
  let gate = Promise.resolve();
  const watched: Disk = {
    ...disk,
    read: async (path) => {
      read.push(path);
      return disk.read(path);
    },
    open: async (path) => {
      const file = await disk.open(path);
      return { ...file, sync: () => gate.then(file.sync) };
    },
  };
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    return resolve;
  };
  return { disk: watched, read, hold };
}

test("a restart reads the checkpoint, and of the journal only what came after it", async () => {
  const { disk, read } = watchedDisk();
  const first = await open("tail.db", disk);
  await first.append("ann", [createBead({ uid: "x", id: "alpha-x", title: "X" })]);
  await first.checkpoint();
  await first.close();
  const second = await open("tail.db", disk);
  expect(read).toEqual([]);
  expect(second.world.bead("alpha-x")?.title).toBe("X");
  expect(second.heads().get(first.writer)?.seq).toBe(1);
  expect(second.segments().map(({ incarnation }) => incarnation)).toContain(first.writer);
  await second.close();
});

test("what another bead's close made ready is ready after a restart", async () => {
  const disk = new MemoryDisk();
  const first = await open("ready.db", disk);
  await first.append("ann", [
    createBead({ uid: "x", id: "alpha-x", title: "X" }),
    createBead({ uid: "y", id: "alpha-y", title: "Y" }),
    addEdges("y", [{ to: "x", type: "blocks" }]),
  ]);
  await first.checkpoint();
  await first.append("ann", [closeBead("x", close)]);
  await first.checkpoint();
  await first.close();
  const second = await open("ready.db", disk);
  expect(readyBeads(second.world, nowMs()).map(({ id }) => id)).toEqual(["alpha-y"]);
  await second.close();
});

test("a claim that takes back the close of what went down brings it up", async () => {
  const disk = new MemoryDisk();
  const first = await open("reclaimed.db", disk);
  const worker = { machine: "vm-a", polecat: "rigs/alpha/polecats/nux" };
  await first.append("ann", [
    createBead({ uid: "w", id: "alpha-w", title: "W" }),
    claimBead("w", "1.1", worker),
    createBead({ uid: "s", id: "alpha-w.s", title: "S", fields: { "gt.work": "w" } }),
    { ...closeBead("s", close), epoch: "1.1.0" },
    closeBead("w", { ...close, kind: "merged" }),
    moveBead("s", "recent"),
    moveBead("w", "recent"),
  ]);
  await first.checkpoint();
  const work = first.world.bead("w");
  await first.append("ann", work ? [reopenBead(work, "again"), claimBead("w", "1.2", worker)] : []);
  const active = ({ world }: Ledger) => [...world.all()].map(({ id, status }) => [id, status]);
  const both = [
    ["alpha-w", "in_progress"],
    ["alpha-w.s", "open"],
  ];
  expect(active(first)).toEqual(both);
  await first.close();
  const second = await open("reclaimed.db", disk);
  expect(active(second)).toEqual(both);
  await second.close();
});

test("while a checkpoint waits for the disk nothing is seen twice, or lost", async () => {
  const { disk, hold } = watchedDisk();
  const ledger = await open("held.db", disk);
  await ledger.append("ann", [createBead({ uid: "x", id: "alpha-x", title: "X" })]);
  await ledger.checkpoint();
  const release = hold();
  const appended = ledger.append("ann", [setFields("x", { title: "Y" })]);
  const made = ledger.checkpoint();
  await setImmediate();
  expect(ledger.history("x")).toHaveLength(2);
  expect([...ledger.log()]).toHaveLength(2);
  expect(ledger.log().length).toBe(2);
  expect(ledger.world.bead("x")?.title).toBe("Y");
  release();
  await Promise.all([appended, made]);
  expect(ledger.history("x")).toHaveLength(2);
  await ledger.close();
});

test("while a bead goes into the archive each of its events is told once", async () => {
  const { disk, hold } = watchedDisk();
  const ledger = await open("archived.db", disk);
  await ledger.append("ann", [
    createBead({ uid: "x", id: "alpha-x", title: "X" }),
    closeBead("x", close),
  ]);
  await ledger.checkpoint();
  const release = hold();
  const appended = ledger.append("deacon", [moveBead("x", "archive")]);
  const made = ledger.checkpoint();
  await setImmediate();
  expect(ledger.history("x")).toHaveLength(3);
  release();
  await Promise.all([appended, made]);
  expect(ledger.history("x")).toHaveLength(3);
  await ledger.close();
});

test("an event that a crash takes back is in no checkpoint", async () => {
  const memory = new MemoryDisk();
  const { disk, hold } = watchedDisk(memory);
  const first = await open("taken.db", disk);
  await first.append("ann", [createBead({ uid: "x", id: "alpha-x", title: "X" })]);
  hold();
  const lost = first.append("ann", [setFields("x", { title: "never acknowledged" })]);
  const made = first.checkpoint();
  await setImmediate();
  memory.crash(() => new Uint8Array());
  void Promise.allSettled([lost, made]);
  for (const end of ["", "-journal"]) {
    await copyFile(join(dir, `taken.db${end}`), join(dir, `after.db${end}`)).catch(() => {});
  }
  const second = await open("after.db", memory);
  expect(second.world.bead("x")?.title).toBe("X");
  await second.close();
});

test("a file that is no checkpoint is put aside, said, and made anew", async () => {
  const disk = new MemoryDisk();
  const first = await open("odd.db", disk);
  await first.append("ann", [createBead({ uid: "x", id: "alpha-x", title: "X" })]);
  await first.close();
  for (const end of ["-journal"]) await rm(join(dir, `odd.db${end}`), { force: true });
  await writeFile(join(dir, "odd.db"), "this was a checkpoint once, and long enough to be read");
  const second = await open("odd.db", disk);
  expect(second.alarms()).toMatchObject([{ kind: "checkpoint" }]);
  expect(second.alarms()[0]?.detail).toContain("made anew");
  expect(second.world.bead("alpha-x")?.title).toBe("X");
  await second.close();
});

test("another machine's checkpoint is not taken for ours", async () => {
  const theirs = await open("theirs.db", new MemoryDisk(), "vm-b");
  await theirs.append("ann", [createBead({ uid: "x", id: "alpha-x", title: "X" })]);
  await theirs.close();
  const ours = await open("theirs.db", new MemoryDisk(), "vm-a");
  expect(ours.world.size()).toBe(0);
  expect(ours.alarms()[0]?.detail).toContain("of vm-b, not of vm-a");
  await ours.close();
});
