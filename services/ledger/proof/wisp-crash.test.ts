import { expect, test } from "vitest";
import type { Disk } from "../disk.ts";
import { MemoryDisk, type MemoryDiskOptions } from "../disk-memory.ts";
import { closeBead, createBead } from "../drafts.ts";
import { openWisps, type WispStore } from "../wisp-store.ts";

const ages = { maxAgeMs: 1_000, abandonedMaxAgeMs: 1_000 };
const nowMs = 1_000_000;
const dir = "/home/wisp";

type Leaving = [string, ...Required<Parameters<MemoryDisk["crash"]>>];

/** What may be left of what was not synced. */
const leavings: Leaving[] = [
  ["neither bytes nor names", () => new Uint8Array(), "none"],
  ["names without bytes", () => new Uint8Array(), "all"],
  ["names and half of the bytes", (bytes) => halfOf(bytes), "all"],
  ["bytes without names", (bytes) => bytes, "none"],
  ["removals before what they made room for", (bytes) => bytes, "removals"],
  ["all of it", (bytes) => bytes, "all"],
];
const halfOf = (bytes: Uint8Array) => bytes.subarray(0, bytes.length / 2);

/** A disk whose machine goes after so many operations; it may go in the middle of a removal. */
function mortalDisk(disk: MemoryDisk): { disk: Disk; dieAfter: (operations: number) => void } {
  let left = Number.POSITIVE_INFINITY;
  const mortal =
    <A extends unknown[], R>(operate: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      left -= 1;
      if (left < 0) throw new Error("the machine is gone");
      return operate(...args);
    };
  const removeOne = mortal(disk.remove);
  const remove = async (path: string): Promise<void> => {
    for (const name of await disk.listDirs(path)) await remove(`${path}/${name}`);
    for (const name of await disk.list(path)) await removeOne(`${path}/${name}`);
    await removeOne(path);
  };
  const open = async (path: string) => {
    const file = await disk.open(path);
    return { append: mortal(file.append), sync: mortal(file.sync), close: file.close };
  };
  const { makeDir, truncate, syncDir, rename } = disk;
  const operations = { makeDir, truncate, syncDir, rename, open };
  const wrapped = Object.entries(operations).map(([name, run]) => [name, mortal(run as never)]);
  return {
    disk: { ...disk, ...Object.fromEntries(wrapped), remove },
    dieAfter: (operations) => {
      left = operations;
    },
  };
}

function opener() {
  let lives = 0;
  const random = () => {
    lives += 1;
    return String(lives).padStart(8, "0");
  };
  return (disk: Disk) => openWisps({ dir, machine: "vm-a", disk, nowMs: () => nowMs, random });
}

const draft = (uid: string) =>
  createBead({ uid, id: `hq-wisp-${uid}`, title: uid, fields: { description: "x".repeat(3_000) } });
const close = (uid: string) => closeBead(uid, { close: "x", kind: "done", reason: "" });
const uids = (store: WispStore) => [...store.world.all()].map(({ uid }) => uid).sort();
const numbers = Array.from({ length: 30 }, (_, index) => index);

/** Two lives that leave thirty wisps to be kept and thirty that are over, in several segments. */
async function fill(disk: MemoryDisk, open: ReturnType<typeof opener>): Promise<void> {
  for (const half of [numbers.slice(0, 15), numbers.slice(15)]) {
    const store = await open(disk);
    for (const n of half) {
      await store.append("ann", [draft(`kept${n}`), draft(`over${n}`), close(`over${n}`)]);
    }
    await store.close();
  }
}

/** Files that tell of a wisp that was over. */
async function tracesOn(disk: MemoryDisk): Promise<string[]> {
  const decoder = new TextDecoder();
  const held = disk.paths().map(async (path) => [path, await disk.read(path)] as const);
  const tells = (bytes: Uint8Array) => decoder.decode(bytes).includes("over");
  return (await Promise.all(held)).flatMap(([path, bytes]) => (tells(bytes) ? [path] : []));
}

type Fate = { readonly ended: boolean; readonly acknowledged: string[]; readonly after: string[] };

/** Collect until the machine goes; what was acknowledged, and what the next start finds. */
async function collectAndCrash(
  operations: number,
  [, keep, names]: Leaving,
  options?: MemoryDiskOptions,
): Promise<Fate & { readonly faults: string[] }> {
  const disk = new MemoryDisk(options);
  const open = opener();
  await fill(disk, open);
  const mortal = mortalDisk(disk);
  const store = await open(mortal.disk);
  const acknowledged: string[] = [];
  const note = (uid: string) =>
    store.append("ann", [draft(uid)]).then(() => acknowledged.push(uid));
  await note("before");
  mortal.dieAfter(operations);
  const collected = store.collect(nowMs + 2_000, ages);
  const outcomes = await Promise.allSettled([collected, note("during"), note("during2")]);
  const ended = outcomes[0]?.status === "fulfilled";
  mortal.dieAfter(0);
  disk.crash(keep, names);
  const early = ended ? await tracesOn(disk) : [];
  const again = await open(disk);
  const after = uids(again);
  const faults = again.alarms().filter(({ kind }) => kind !== "torn-tail");
  await again.collect(nowMs + 2_000, ages);
  await again.close();
  const traces = [...early, ...(await tracesOn(disk))];
  return {
    ...{ ended, acknowledged, after },
    faults: [
      ...faults.map(({ detail }) => detail),
      ...traces.map((path) => `a trace is left in ${path}`),
      ...(await disk.listDirs(dir)).slice(1).map((name) => `${name} is left`),
    ],
  };
}

/** Crash at each operation of a collection in turn. */
async function crashEverywhere(
  leaving: Leaving,
  options?: MemoryDiskOptions,
): Promise<{ lost: string[]; halves: string[]; faults: string[]; points: number }> {
  const sum = { lost: [] as string[], halves: [] as string[], faults: [] as string[], points: 0 };
  for (let ended = false; !ended; sum.points += 1) {
    const fate = await collectAndCrash(sum.points, leaving, options);
    const kept = [...numbers.map((n) => `kept${n}`), ...fate.acknowledged];
    const at = (what: string) => `${what} after ${sum.points} operations`;
    sum.lost.push(...kept.filter((uid) => !fate.after.includes(uid)).map(at));
    const over = fate.after.filter((uid) => uid.startsWith("over")).length;
    if (over !== 0 && over !== numbers.length) sum.halves.push(at(`${over} of those over`));
    if (fate.ended && over !== 0) sum.halves.push(at("collected, and there again"));
    sum.faults.push(...fate.faults.map(at));
    ended = fate.ended && fate.acknowledged.length === 3;
  }
  return sum;
}

test.for(leavings)("a crash anywhere in a collection that leaves %s loses no wisp", async (of) => {
  const { lost, halves, faults, points } = await crashEverywhere(of);
  expect({ lost, halves, faults }).toEqual({ lost: [], halves: [], faults: [] });
  expect(points).toBeGreaterThan(30);
});

test.for<[string, MemoryDiskOptions]>([
  ["files not synced", { syncsFiles: false }],
  ["folders not synced", { syncsDirs: false }],
])("with %s the same suite fails", async ([, options]) => {
  const worst: Leaving = ["neither", () => new Uint8Array(), "none"];
  expect((await crashEverywhere(worst, options)).lost).not.toEqual([]);
});
