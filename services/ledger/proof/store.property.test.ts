import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MemoryDisk } from "../disk-memory.ts";
import { moveBead } from "../drafts.ts";
import { type Ledger, openLedger } from "../ledger.ts";
import { makeHistory, tapeSizes } from "./history.ts";
import { requests, uids } from "./made-draft.ts";
import { makeEvents, workUids } from "./made-work.ts";
import { randomNumbers, readTape, shuffled } from "./tape.ts";
import { told as toldOf, uidsOf } from "./told.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "gt-store-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

const tapes = tapeSizes.map(({ weight, ...length }) => {
  return { weight, arbitrary: fc.uint8Array({ ...length, size: "max" }) };
});
/** What many writers wrote of everything, or one of all that readiness depends on. */
const histories = fc.oneof(
  ...tapes.map(({ weight, arbitrary }) => {
    const lines = (bytes: Uint8Array) => makeHistory(bytes).map(({ event }) => event.line);
    return { weight, arbitrary: arbitrary.map(lines) };
  }),
  {
    weight: 3,
    arbitrary: fc
      .uint8Array({ minLength: 40, maxLength: 240, size: "max" })
      .map((bytes) => makeEvents(readTape(bytes)).map(({ line }) => line)),
  },
);

const known = [...new Set([...uids, ...workUids])];
const nowMs = 1_700_000_100_000;
const told = (ledger: Ledger) => toldOf(ledger, { uids: known, requests, nowMs });
const ids = uidsOf;

/** The files as a process that is killed now would leave them. */
function killed(path: string, copy: string): string {
  for (const end of ["", "-journal"]) {
    rmSync(`${copy}${end}`, { force: true });
    if (existsSync(`${path}${end}`)) copyFileSync(`${path}${end}`, `${copy}${end}`);
  }
  return copy;
}

const timeout = 120_000; // Real files, synced for real.

test("with checkpoints and kills at any moment a ledger tells what it would without", {
  timeout,
}, async () => {
  let lives = 0;
  const once = async (happened: readonly string[], seed: number) => {
    const random = randomNumbers(seed);
    const lines = random(2) === 0 ? shuffled(happened, seed) : happened;
    const disk = new MemoryDisk();
    const plainDisk = new MemoryDisk();
    const options = { dir: "/j", machine: "vm-z", nowMs: () => nowMs };
    const plain = await openLedger({ ...options, disk: plainDisk, random: () => "plain000" });
    lives += 1;
    let path = join(dir, `${lives}.db`);
    const open = () => {
      const name = `life${String(lives).padStart(4, "0")}`;
      return openLedger({ ...options, disk, store: path, random: () => name });
    };
    let ledger = await open();
    const used = [path];
    for (let at = 0; at < lines.length; ) {
      const some = lines.slice(at, at + 1 + random(6));
      at += some.length;
      plain.receive(some, "all");
      ledger.receive(some, "all");
      ledger.note("seen", String(at));
      const what = random(6);
      if (what < 2) await ledger.checkpoint();
      if (what === 2) {
        // More happens while it is made.
        const made = ledger.checkpoint();
        const more = lines.slice(at, at + random(4));
        at += more.length;
        plain.receive(more, "all");
        ledger.receive(more, "all");
        ledger.note("seen", String(at));
        await setImmediate();
        expect(told(ledger)).toEqual(told(plain));
        await made;
      }
      if (what === 3) {
        lives += 1;
        const made = random(2) === 0 ? ledger.checkpoint() : undefined;
        path = killed(path, join(dir, `${lives}.db`));
        used.push(path);
        await made;
        await ledger.close();
        ledger = await open();
        ledger.receive(lines.slice(Number(ledger.noted("seen") ?? 0), at), "git");
      }
      // What a fetch brings whole is mostly known, to this process or to one before it.
      if (random(4) === 0) ledger.receive(lines.slice(0, at), "all of git");
      if (random(3) === 0) expect(told(ledger)).toEqual(told(plain));
    }
    expect(told(ledger)).toEqual(told(plain));
    await ledger.close();
    for (const each of used)
      for (const end of ["", "-journal"]) rmSync(each + end, { force: true });
  };
  await fc.assert(fc.asyncProperty(histories, fc.nat(), once), {
    numRuns: 300,
    endOnFailure: true,
  });
});

test("what is moved down leaves memory, is found, and comes up with its events", async () => {
  const disk = new MemoryDisk();
  const options = { dir: "/j", machine: "vm-z", disk, nowMs: () => nowMs };
  const ledger = await openLedger({ ...options, store: join(dir, "tiers.db") });
  const close = { close: "1", kind: "done", reason: "done", closed_at: "2023-10-05T00:00:00Z" };
  for (const uid of ["x", "y", "z"]) {
    const fields = { title: `Title of ${uid}`, description: "A needle in the hay." };
    await ledger.append("ann", [
      { bead: uid, op: "create", values: { id: `alpha-${uid}`, fields } },
      { bead: uid, op: "close", values: close },
    ]);
  }
  await ledger.append("deacon", [moveBead("x", "recent"), moveBead("y", "archive")]);
  const before = [ledger.world.bead("x"), ledger.world.bead("y")];
  const events = ledger.history("y");
  await ledger.checkpoint();
  expect(ids([...ledger.world.all()])).toEqual(["z"]);
  expect([ledger.world.bead("alpha-x"), ledger.world.bead("alpha-y")]).toEqual(before);
  expect(ledger.history("y")).toEqual(events);
  expect(ids([...ledger.world.found(["needle"])])).toEqual(["x", "y"]);
  expect(ids([...ledger.world.found(["of y"])])).toEqual(["y"]);
  expect(ids([...ledger.world.found(["nowhere"])])).toEqual([]);
  expect(ids([...ledger.world.found(["y"])])).toEqual(["x", "y"]);
  await ledger.append("ann", [{ bead: "y", op: "reopen", values: { closes: ["1"], reason: "" } }]);
  expect(ledger.world.bead("y")).toMatchObject({ tier: "active", status: "open" });
  await ledger.checkpoint();
  expect(ids([...ledger.world.found(["needle"])])).toEqual(["x"]);
  expect(ledger.history("y").slice(0, 3)).toEqual(events);
  expect(ledger.world.size()).toBe(3);
  await ledger.close();
});
