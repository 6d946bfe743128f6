import type { Disk } from "../disk.ts";
import type { MemoryDisk } from "../disk-memory.ts";
import { type Ledger, openLedger } from "../ledger.ts";
import { splitLines } from "../recover.ts";
import { randomNumbers } from "./tape.ts";

type Random = (below: number) => number;

/** What a machine's lives between crashes came to. */
export type Crashed = {
  /** Events whose writer was told that they are durable, and that were not there afterwards. */
  readonly lost: number;
  readonly acknowledged: number;
  readonly crashes: number;
  /** Torn tails that were cut, each of them reported. */
  readonly torn: number;
  /** What should not happen: torn tails that nobody reported, alarms without a cause. */
  readonly faults: readonly string[];
};

const lives = 3;

/** Let a machine write, crash anywhere, start again, and write; see what it still knows. */
export async function liveAndCrash(disk: MemoryDisk, seed: number): Promise<Crashed> {
  const random = randomNumbers(seed);
  const acknowledged = new Set<string>();
  const faults: string[] = [];
  let torn = 0;
  for (let life = 0; life < lives; life += 1) {
    const mortal = mortalDisk(disk, 1 + random(24), random);
    const events = await writeUntilCrash(mortal, `life${life}`, random);
    for (const line of events) acknowledged.add(line);
    disk.crash((bytes) => survivors(bytes, random));
    torn += (await tornSegments(disk)).length;
  }
  // The last crash is seen by a start that is not disturbed; those before by the starts that were.
  const tails = await tornSegments(disk);
  const after = await open(disk, "after");
  const said = after.alarms().map(({ kind, detail }) => `${kind}: ${detail}`);
  const unsaid = tails.filter((path) => !said.some((alarm) => alarm.includes(path)));
  faults.push(...unsaid.map((path) => `nobody reported ${path}`));
  faults.push(...(await tornSegments(disk)).map((path) => `nobody cut ${path}`));
  faults.push(...said.filter((alarm) => !alarm.startsWith("torn-tail")));
  const there = new Set([...after.log()].map(({ line }) => line));
  const lost = [...acknowledged].filter((line) => !there.has(line)).length;
  await after.close();
  return { lost, acknowledged: acknowledged.size, crashes: lives, torn, faults };
}

/** Every line that a ledger's own segments hold. */
export async function linesOf(ledger: Ledger): Promise<string[]> {
  const lines: string[] = [];
  for (const segment of ledger.segments()) {
    lines.push(...splitLines(await ledger.segmentBytes(segment)));
  }
  return lines;
}

function open(disk: Disk, life: string): Promise<Ledger> {
  const options = { dir: "/home/journal", machine: "vm-a", nowMs: () => 1_000 };
  return openLedger({ ...options, disk, random: () => life });
}

/** Several callers append at once until the machine is gone; returns what they were told of. */
async function writeUntilCrash(disk: Disk, life: string, random: Random): Promise<string[]> {
  const told: string[] = [];
  try {
    const ledger = await open(disk, life);
    const callers = Array.from({ length: 1 + random(4) }, async (_, caller) => {
      for (let count = 0; count < 40; count += 1) {
        // Now and then a large one, so that segments fill up.
        const text = "x".repeat(random(8) === 0 ? 25_000 : 10);
        const fields = { title: `${caller}/${count}`, description: text };
        const drafts = Array.from({ length: 1 + random(2) }, () => {
          return { bead: `b${random(5)}`, op: "set" as const, values: { fields } };
        });
        for (const { line } of await ledger.append("overseer", drafts)) told.push(line);
      }
    });
    await Promise.allSettled(callers);
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  }
  return told;
}

class Crash extends Error {
  override readonly name = "Crash";
}

/** A disk whose machine goes after so many operations, maybe in the middle of a write. */
function mortalDisk(disk: MemoryDisk, operations: number, random: Random): Disk {
  let left = operations;
  const live = () => {
    left -= 1;
    if (left < 0) throw new Crash("the machine is gone");
  };
  return {
    ...disk,
    truncate: async (path, bytes) => {
      live();
      await disk.truncate(path, bytes);
    },
    makeDir: async (dir) => {
      live();
      return disk.makeDir(dir);
    },
    syncDir: async (dir) => {
      live();
      await disk.syncDir(dir);
    },
    open: async (path) => {
      live();
      const file = await disk.open(path);
      return {
        append: async (bytes) => {
          left -= 1;
          if (left === -1) await file.append(bytes.subarray(0, random(bytes.length + 1)));
          if (left < 0) throw new Crash("the machine is gone");
          await file.append(bytes);
        },
        sync: async () => {
          live();
          await file.sync();
        },
        close: file.close,
      };
    },
  };
}

/** Of bytes that were not synced: none, or some, maybe with zeros among them. */
function survivors(bytes: Uint8Array, random: Random): Uint8Array {
  const kept = bytes.slice(0, random(bytes.length + 1));
  const hole = random(3);
  if (hole === 1) kept.fill(0, random(kept.length + 1));
  if (hole === 2) kept.fill(0, 0, random(kept.length + 1));
  return kept;
}

/** Last segments that do not end as they should. */
async function tornSegments(disk: MemoryDisk): Promise<string[]> {
  const torn: string[] = [];
  for (const path of disk.paths()) {
    const bytes = await disk.read(path);
    if (bytes.length > 0 && (bytes.at(-1) !== 0x0a || bytes.includes(0))) torn.push(path);
  }
  return torn;
}
