import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MemoryDisk } from "../disk-memory.ts";
import { closeBead, createBead, moveBead, setFields } from "../drafts.ts";
import { type Ledger, openLedger } from "../ledger.ts";
import { linesOf } from "./crash.ts";
import { randomNumbers, shuffled } from "./tape.ts";
import { told } from "./told.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "gt-store-damage-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

const nowMs = () => 1_700_000_100_000;
const close = { close: "1", kind: "done", reason: "" };
const uids = Array.from({ length: 60 }, (_, index) => `uid${index}`);
/** Of the places of one text. */
const triesMax = 12;
const asked = { uids, requests: [], nowMs: nowMs() };

function open(store: string | undefined, disk: MemoryDisk, dirName = "/j"): Promise<Ledger> {
  return openLedger({ dir: dirName, machine: "vm-a", disk, nowMs, ...(store && { store }) });
}

/** A home with beads of all tiers, closed; returns what was told of it. */
async function made(store: string, disk: MemoryDisk): Promise<Record<string, unknown>> {
  const ledger = await open(store, disk);
  for (const [index, uid] of uids.entries()) {
    const fields = { description: `What ${uid} is about. `.repeat(1 + (index % 5) * 20) };
    const made = createBead({ uid, id: `alpha-${uid}`, title: `Title of ${uid}`, fields });
    await ledger.append("ann", [made]);
    const tier = index % 4 === 1 ? "archive" : "recent";
    if (index % 2 === 1) await ledger.append("ann", [closeBead(uid, close), moveBead(uid, tier)]);
  }
  await ledger.checkpoint();
  const before = told(ledger, asked);
  await ledger.close();
  return before;
}

/** The places of a text in a file. */
function placesOf(bytes: Buffer, text: string): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) places.push(at);
  return places;
}

test.for([
  { what: "a state or an event", text: "What uid2 is about" },
  { what: "a name on a card", text: "alpha-uid4" },
])("$what that is not as it was put is not told", async ({ text }) => {
  const disk = new MemoryDisk();
  const path = join(dir, "flipped.db");
  rmSync(path, { force: true });
  const before = await made(path, disk);
  const bytes = readFileSync(path);
  const places = placesOf(bytes, text);
  expect(places.length).toBeGreaterThan(0);
  for (const at of shuffled(places, 1).slice(0, triesMax)) {
    const flipped = Buffer.from(bytes);
    flipped.write("X", at + 3);
    writeFileSync(path, flipped);
    expect(await tellOrEnd(path, disk)).toEqual(before);
  }
});

/** What is told; where that ends the process, what the next one tells. */
async function tellOrEnd(path: string, disk: MemoryDisk): Promise<unknown> {
  const ledger = await open(path, disk);
  const said = attempt(() => told(ledger, asked));
  const alarms = ledger.alarms().filter(({ kind }) => kind === "damaged-checkpoint");
  await ledger.close();
  if (!("error" in said)) return said;
  expect(said.error).toMatchObject({ reason: "unavailable" });
  expect(String(said.error)).toContain(`the checkpoint ${path} is damaged`);
  expect(alarms).toHaveLength(1);
  expect(existsSync(`${path}.old`)).toBe(true);
  const next = await open(path, disk);
  const saidThen = told(next, asked);
  await next.close();
  return saidThen;
}

function attempt<T extends object>(work: () => T): T | { readonly error: unknown } {
  try {
    return work();
  } catch (error) {
    return { error };
  }
}

test("pages that a disk lost are found where they are read, and never told", async () => {
  const disk = new MemoryDisk();
  const path = join(dir, "pages.db");
  const before = await made(path, disk);
  const whole = join(dir, "whole.db");
  copyFileSync(path, whole);
  const random = randomNumbers(7);
  const bytes = readFileSync(whole);
  const pages = bytes.length / 4_096;
  for (let round = 0; round < 40; round += 1) {
    const from = random(pages) * 4_096;
    writeFileSync(path, Buffer.from(bytes).fill(random(2) * 0xff, from, from + 4_096));
    expect(await tellOrEnd(path, disk)).toEqual(before);
  }
});

test("a journal that is older than the checkpoint gets back what it lacks", async () => {
  const path = join(dir, "older.db");
  const disk = new MemoryDisk();
  const first = await open(path, disk);
  await first.append("ann", [createBead({ uid: "uid1", id: "alpha-1", title: "One" })]);
  const early = await linesOf(first);
  for (let count = 0; count < 600; count += 1) {
    await first.append("ann", [setFields("uid1", { description: `${count} `.repeat(50) })]);
  }
  const segments = first.segments();
  const texts = await Promise.all(segments.map((each) => first.segmentBytes(each)));
  const lines = await linesOf(first);
  const before = told(first, asked);
  await first.close();
  // The disk is one on which only the first line was written.
  const restored = new MemoryDisk();
  await restored.makeDir(`/j/${first.writer}`);
  const file = await restored.open(`/j/${first.writer}/000001.jsonl`);
  await file.append(Buffer.from(`${early[0]}\n`));
  await file.sync();
  const second = await open(path, restored);
  expect(told(second, asked)).toEqual(before);
  expect(second.segments()).toEqual(segments);
  const back = await Promise.all(second.segments().map((each) => second.segmentBytes(each)));
  expect(back.map((each) => Buffer.from(each).toString())).toEqual(
    texts.map((each) => Buffer.from(each).toString()),
  );
  expect(second.alarms().map(({ kind }) => kind)).toEqual(segments.map(() => "checkpoint"));
  expect(second.alarms()[0]?.detail).toContain("written back");
  await second.close();
  const plain = await open(undefined, restored);
  expect(await linesOf(plain)).toEqual(lines);
  await plain.close();
});

test("a checkpoint that is older than the journal is brought up to it", async () => {
  const path = join(dir, "late.db");
  const disk = new MemoryDisk();
  const first = await open(path, disk);
  await first.append("ann", [createBead({ uid: "uid1", id: "alpha-1", title: "One" })]);
  await first.close();
  copyFileSync(path, `${path}.backup`);
  const second = await open(path, disk);
  await second.append("ann", [setFields("uid1", { title: "Two" })]);
  await second.checkpoint();
  const before = told(second, asked);
  await second.close();
  copyFileSync(`${path}.backup`, path);
  const third = await open(path, disk);
  expect(told(third, asked)).toEqual(before);
  expect(third.alarms()).toEqual([]);
  await third.close();
});
