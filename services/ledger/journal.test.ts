import { expect, test } from "vitest";
import { MemoryDisk } from "./disk-memory.ts";
import type { Draft } from "./event.ts";
import { type Ledger, openLedger } from "./ledger.ts";

const dir = "/home/journal";

function open(disk: MemoryDisk, life: string): Promise<Ledger> {
  return openLedger({ dir, machine: "vm-a", disk, nowMs: () => 1_000, random: () => life });
}

function create(bead: string, description = ""): Draft {
  return {
    bead,
    op: "create",
    values: { id: `alpha-${bead}`, fields: { title: bead, description } },
  };
}

const first = `${dir}/vm-a.life0001/000001.jsonl`;

/** A journal of two lives: five beads in two segments, and one bead. */
async function twoLives(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const one = await open(disk, "life0001");
  for (const bead of ["a", "b", "c"]) await one.append("overseer", [create(bead)]);
  for (const bead of ["d", "e"]) await one.append("overseer", [create(bead, "x".repeat(40_000))]);
  await one.close();
  const two = await open(disk, "life0002");
  await two.append("overseer", [create("z")]);
  await two.close();
  return disk;
}

/** Change the first segment, start again; which beads are there, and what is said. */
async function after(change: (lines: string[]) => string): Promise<[string[], string[]]> {
  const disk = await twoLives();
  const text = new TextDecoder().decode(await disk.read(first));
  disk.write(first, Buffer.from(change(text.split("\n").slice(0, -1))));
  const ledger = await open(disk, "life0003");
  await ledger.append("overseer", [create("new")]);
  const beads = [...ledger.world.all()].map(({ uid }) => uid);
  return [beads, ledger.alarms().map(({ kind, detail }) => `${kind}: ${detail}`)];
}

const whole = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");

test.for<[string, (lines: string[]) => string, string[], string]>([
  [
    "cut off in the middle, though others follow",
    (lines) => whole(lines).slice(0, -9),
    ["a", "b", "c", "z", "new"],
    "bad-line: vm-a.life0001/000001.jsonl:4: cut off in the middle of a line, though later",
  ],
  [
    "that is no JSON",
    ([one = "", two = "", ...rest]) => whole([one, two.replace('"op"', "op"), ...rest]),
    ["a", "z", "new"],
    "bad-line: vm-a.life0001/000001.jsonl:2: not JSON; the fold of vm-a.life0001 stops here",
  ],
  [
    "with conflict markers around it",
    ([one = "", ...rest]) => whole([one, "<<<<<<< HEAD", ...rest]),
    ["a", "z", "new"],
    "bad-line: vm-a.life0001/000001.jsonl:2: not JSON; the fold of vm-a.life0001 stops here",
  ],
  [
    "of a later version",
    ([one = "", two = "", ...rest]) => whole([one, two.replace('"v":1', '"v":2'), ...rest]),
    ["a", "z", "new"],
    "bad-line: vm-a.life0001/000001.jsonl:2: written in format 2, and this version reads up to 1",
  ],
  [
    "that was edited",
    ([one = "", two = "", ...rest]) => whole([one, two.replace("overseer", "somebody"), ...rest]),
    ["a", "b", "c", "d", "e", "z", "new"],
    "broken-chain: vm-a.life0001/000001.jsonl:3: vm-a.life0001:3 does not follow the event before",
  ],
  [
    "that was deleted",
    ([one = "", _, ...rest]) => whole([one, ...rest]),
    ["a", "z", "new"],
    "gap: vm-a.life0001/000001.jsonl:2: vm-a.life0001:2 is missing, and this and later events wait",
  ],
])("a line %s is named, and the rest goes on", async ([, change, beads, alarm]) => {
  const [there, alarms] = await after(change);
  expect(there.sort()).toEqual(beads.sort());
  expect(alarms).toEqual([expect.stringContaining(alarm)]);
});

test("lines in another order change nothing", async () => {
  const [beads, alarms] = await after((lines) => whole(lines.toReversed()));
  expect(beads.sort()).toEqual(["a", "b", "c", "d", "e", "new", "z"]);
  expect(alarms).toEqual([]);
});

test("a segment of a later version is kept as it is, byte for byte", async () => {
  const disk = await twoLives();
  const text = new TextDecoder().decode(await disk.read(first)).replaceAll('"v":1', '"v":7');
  disk.write(first, Buffer.from(text));
  const ledger = await open(disk, "life0003");
  const segment = ledger.segments().find(({ name }) => name === "000001.jsonl");
  if (!segment) throw new Error("no segment");
  expect(new TextDecoder().decode(await ledger.segmentBytes(segment))).toBe(text);
});

test("zeros where a crash lost what was to stand there are cut off and reported", async () => {
  const disk = await twoLives();
  const path = `${dir}/vm-a.life0002/000001.jsonl`;
  const held = await disk.read(path);
  disk.write(path, Buffer.concat([held, Buffer.alloc(20), Buffer.from('"x":1}\n{"v":1}\n')]));
  const ledger = await open(disk, "life0003");
  expect(ledger.world.bead("z")).toBeDefined();
  expect(ledger.alarms()).toEqual([
    { kind: "torn-tail", detail: `${path}: cut off a torn line of 35 bytes` },
  ]);
  expect(await disk.read(path)).toEqual(held);
});

test("a line of 10 MB is written and read", async () => {
  const disk = new MemoryDisk();
  const ledger = await open(disk, "life0001");
  await ledger.append("overseer", [create("a", "x".repeat(10_000_000)), create("b")]);
  const again = await open(disk, "life0002");
  expect(again.world.bead("a")?.fields["description"]).toHaveLength(10_000_000);
  expect(again.world.bead("b")).toBeDefined();
});

test("a full disk refuses appends, loses nothing, and goes on once there is room", async () => {
  const disk = new MemoryDisk();
  const ledger = await open(disk, "life0001");
  const told: string[] = [];
  ledger.onChange(({ event }) => told.push(event.bead));
  await ledger.append("overseer", [create("a")]);
  disk.roomBytes = 300;
  const under = ["b", "c"].map((bead) =>
    ledger.append("overseer", [create(bead, "x".repeat(500))]),
  );
  const outcomes = await Promise.allSettled(under);
  const reasons = outcomes.map((each) => each.status === "rejected" && each.reason.reason);
  expect(reasons).toEqual(["exhausted", "exhausted"]);
  // Refused before it has any effect; asking has the disk tried again.
  await expect(ledger.append("overseer", [create("d")])).rejects.toThrow("no space left");
  expect(ledger.world.bead("d")).toBeUndefined();
  await expect(ledger.settled()).rejects.toThrow("no space left");
  expect((await disk.read(first)).at(-1)).toBe(0x0a); // Nothing of what did not fit is left.
  disk.roomBytes = Number.POSITIVE_INFINITY;
  await expect(ledger.append("overseer", [create("d")])).rejects.toThrow("no space left");
  await new Promise((resolve) => setImmediate(resolve));
  await ledger.append("overseer", [create("d")]);
  await ledger.settled();
  expect(told).toEqual(["a", "b", "c", "d"]);
  disk.crash();
  const again = await open(disk, "life0002");
  expect([...again.world.all()].map(({ uid }) => uid)).toEqual(["a", "b", "c", "d"]);
  expect(again.alarms()).toEqual([]);
});

test("a sync that fails is final: the process is told to end", async () => {
  const disk = new MemoryDisk();
  const ledger = await open(disk, "life0001");
  await ledger.append("overseer", [create("a")]);
  disk.failSync = Object.assign(new Error("ENOSPC: no space"), { code: "ENOSPC" });
  await expect(ledger.append("overseer", [create("b")])).rejects.toThrow("must end");
  disk.failSync = undefined;
  await expect(ledger.append("overseer", [create("c")])).rejects.toThrow("must end");
  expect(ledger.alarms().map(({ kind }) => kind)).toEqual(["disk-failed"]);
});

test("a home that cannot be written is refused by name", async () => {
  const disk = await twoLives();
  disk.isReadOnly = true;
  await expect(open(disk, "life0003")).rejects.toThrow(`cannot write to ${dir} (EROFS)`);
});
