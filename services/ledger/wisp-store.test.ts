import { expect, test } from "vitest";
import { MemoryDisk } from "./disk-memory.ts";
import { addLabels, closeBead, createBead, tombstone } from "./drafts.ts";
import type { Draft } from "./event.ts";
import { openLedger } from "./ledger.ts";
import { openWisps, type WispStore } from "./wisp-store.ts";

const hourMs = 3_600_000;
const ages = { maxAgeMs: 24 * hourMs, abandonedMaxAgeMs: 7 * 24 * hourMs };
const bornMs = Date.parse("2026-03-01T00:00:00Z");
const laterMs = bornMs + 25 * hourMs;
const dir = "/home/wisp";

/** A store whose incarnations are numbered. */
function storeOn(disk: MemoryDisk) {
  let lives = 0;
  const clock = { nowMs: bornMs };
  const random = () => {
    lives += 1;
    return String(lives).padStart(8, "0");
  };
  const open = () =>
    openWisps({
      dir,
      machine: "vm-a",
      disk,
      nowMs: () => clock.nowMs,
      random,
    });
  return { clock, open };
}

const make = (uid: string, more: { description?: string; to?: string } = {}): Draft[] => [
  createBead({
    uid,
    id: `hq-wisp-${uid}`,
    title: uid,
    fields: { description: more.description ?? "" },
    edges: more.to === undefined ? [] : [{ to: more.to, type: "parent-child" }],
  }),
];
const close = (uid: string) => closeBead(uid, { close: "x", kind: "done", reason: "did it" });
const uids = (store: WispStore) => [...store.world.all()].map(({ uid }) => uid).sort();

async function textOn(disk: MemoryDisk): Promise<string> {
  const texts = disk.paths().map(async (path) => `${path}\n${await bytesOf(disk, path)}`);
  return (await Promise.all(texts)).join("\n");
}
const bytesOf = async (disk: MemoryDisk, path: string) =>
  new TextDecoder().decode(await disk.read(path));

test("what is past its age leaves no byte; what stays keeps its history", async () => {
  const disk = new MemoryDisk();
  const { clock, open } = storeOn(disk);
  const store = await open();
  await store.append("ann", [...make("old"), ...make("step", { to: "old" }), ...make("kept")]);
  await store.append("ann", [close("old"), close("step"), addLabels("kept", ["x"])]);
  clock.nowMs = laterMs;
  await store.append("ann", [...make("young"), close("young")]);
  const before = ["kept", "young"].map((uid) => store.world.bead(uid));
  const roots = await store.collect(laterMs, ages);
  expect(roots.map(({ id }) => id)).toEqual(["hq-wisp-old"]);
  expect(uids(store)).toEqual(["kept", "young"]);
  expect(["kept", "young"].map((uid) => store.world.bead(uid))).toEqual(before);
  expect(store.history("kept").map(({ op, actor }) => `${op} by ${actor}`)).toEqual([
    "create by ann",
    "label by ann",
  ]);
  const text = await textOn(disk);
  expect(text).toContain("kept");
  expect(text).not.toMatch(/old|step|000001\/journal\/vm-a.00000001/);
  await store.append("ann", make("after"));
  await store.close();
  disk.crash();
  const again = await open();
  expect(uids(again)).toEqual(["after", "kept", "young"]);
  expect(again.alarms()).toEqual([]);
});

test("where nothing is to be collected nothing is written", async () => {
  const disk = new MemoryDisk();
  const store = await storeOn(disk).open();
  await store.append("ann", [...make("a"), ...make("b"), close("b")]);
  const before = await textOn(disk);
  expect(await store.collect(bornMs + hourMs, ages)).toEqual([]);
  expect(await textOn(disk)).toBe(before);
});

test("listeners hear on; appends wait for a collection and are shown after it", async () => {
  const disk = new MemoryDisk();
  const store = await storeOn(disk).open();
  const heard: string[] = [];
  store.onChange(({ position, event, bead }) =>
    heard.push(`${position} ${event.op} ${bead?.status}`),
  );
  await store.append("ann", [...make("old"), tombstone("old", "burned")]);
  const collected = store.collect(laterMs, ages);
  const appended = store.append("ann", make("new"));
  expect(store.world.bead("new")).toBeUndefined();
  expect(await Promise.all([collected, store.collect(laterMs, ages)])).toMatchObject([
    [{ uid: "old" }],
    [],
  ]);
  await appended;
  expect(uids(store)).toEqual(["new"]);
  expect(heard).toEqual(["1 create tombstone", "2 delete tombstone", "3 create open"]);
});

test("on a full disk nothing is collected, nothing is lost, and later it works", async () => {
  const disk = new MemoryDisk();
  const store = await storeOn(disk).open();
  await store.append("ann", [...make("old"), close("old"), ...make("kept")]);
  disk.roomBytes = 100;
  await expect(store.collect(laterMs, ages)).rejects.toThrow("no space left");
  expect(uids(store)).toEqual(["kept", "old"]);
  expect(disk.paths().filter((path) => path.includes(".new"))).toEqual([]);
  disk.roomBytes = Number.POSITIVE_INFINITY;
  await store.append("ann", make("more"));
  await store.collect(laterMs, ages);
  expect(uids(store)).toEqual(["kept", "more"]);
});

test.for<[string, (disk: MemoryDisk) => MemoryDisk["rename"], string[]]>([
  [
    "undone where it was not",
    () => () => Promise.reject(new Error("EIO")),
    ["kept", "more", "old"],
  ],
  [
    "finished where it was",
    ({ rename }) =>
      async (from, to) => {
        await rename(from, to);
        throw new Error("EIO");
      },
    ["kept", "more"],
  ],
])("a switch of which nobody knows whether it was done is %s", async ([, fail, expected]) => {
  const disk = new MemoryDisk();
  const { open } = storeOn(disk);
  const store = await open();
  await store.append("ann", [...make("old"), close("old"), ...make("kept")]);
  const held = { rename: disk.rename };
  Object.assign(disk, { rename: fail(disk) });
  await expect(store.collect(laterMs, ages)).rejects.toThrow("EIO");
  Object.assign(disk, held);
  await store.append("ann", make("more"));
  expect(uids(store)).toEqual(expected);
  disk.crash();
  expect(uids(await open())).toEqual(expected);
});

test("while a part cannot be read nothing is deleted", async () => {
  const disk = new MemoryDisk();
  const { open } = storeOn(disk);
  const store = await open();
  await store.append("ann", [...make("old"), close("old")]);
  await store.append("ann", make("kept"));
  await store.close();
  const [path = ""] = disk.paths();
  const text = await bytesOf(disk, path);
  disk.write(path, Buffer.from(`${text.replace('"kept"', '"kept')}\n`));
  const again = await open();
  await expect(again.collect(laterMs, ages)).rejects.toThrow("cannot be read");
  expect(await bytesOf(disk, path)).toContain("old");
});

test("what an earlier version kept at the top is taken in", async () => {
  const disk = new MemoryDisk();
  const random = () => "earlier1";
  const earlier = await openLedger({ dir, machine: "vm-a", disk, nowMs: () => bornMs, random });
  await earlier.append("ann", make("a"));
  await earlier.close();
  const { open } = storeOn(disk);
  const store = await open();
  expect(uids(store)).toEqual(["a"]);
  await store.close();
  disk.crash();
  expect(uids(await open())).toEqual(["a"]);
  expect(await disk.listDirs(dir)).toEqual(["000001"]);
});
