import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import v8 from "node:v8";
import vm from "node:vm";
import { toBeadsLine } from "#services/ledger/beads-line.ts";
import { nodeDisk } from "#services/ledger/disk-node.ts";
import { setFields } from "#services/ledger/drafts.ts";
import { segmentMaxBytes } from "#services/ledger/journal.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { openWork, readyBeads } from "#services/ledger/readiness.ts";
import { elapsedMs, percentile, spreadOf } from "../measure.ts";
import { type Finding, finding } from "../metric.ts";
import type { Settings } from "../settings.ts";
import { madeDrafts, madeEvents, uidOf } from "./made-beads.ts";

const bench = "ledger";
const readyMax = 100;
/** The size that the targets are meant for. */
const targetSize = 100_000;
const linesMax = 100_000;

/** What a ledger of this many beads costs: to start, to ask, to hold. */
export async function* benchSize(
  { repeats, dir }: Settings,
  count: number,
): AsyncIterable<Finding> {
  const home = join(dir, `size-${count}`);
  writeJournal(home, count);
  const of = `${count.toLocaleString("en")} beads`;
  const meant = count >= targetSize;
  const before = heapBytes();
  const startMs: number[] = [];
  let ledger = await openTimed(home, startMs);
  for (let again = count > targetSize ? 2 : 0; again < 2; again += 1) {
    await ledger.close();
    ledger = await openTimed(home, startMs);
  }
  const firstMs = await elapsedMs(() => readyBeads(ledger.world, Date.now()));
  const heldBytes = heapBytes() - before;
  const { lineBytes, parseMs } = await asCheckpoint(ledger);
  yield finding({
    ...{ bench, metric: `cold start from the journal, ${of}`, unit: "ms" },
    ...(meant && { target: 2 }),
    ours: spreadOf(startMs),
    limit: spreadOf(parseMs),
  });
  yield finding({ bench, metric: `first ready after a start, ${of}`, unit: "ms", ours: firstMs });
  yield finding({
    ...{ bench, metric: `heap per active bead, ${of}`, unit: "bytes" },
    ...(meant && { target: 3 }),
    ours: heldBytes / count,
    limit: lineBytes / count,
  });
  const asked = await askOften(ledger, count, repeats * 40);
  const kept = Math.min(readyMax, count);
  yield finding({
    ...{ bench, metric: `ready after an event, p99, ${of}, ${kept} ready`, unit: "ms" },
    ...(meant && { target: 2 }),
    ours: percentile(asked.readyMs, 0.99),
  });
  yield finding({
    ...{ bench, metric: `ready after an event, p50, ${of}, ${kept} ready`, unit: "ms" },
    ours: spreadOf(asked.readyMs),
  });
  const listMs = await elapsedMs(() => openWork(ledger.world));
  yield finding({ bench, metric: `all open work, ${of}`, unit: "ms", ours: listMs });
  await ledger.close();
}

/** The journal that filing these beads has left, without the time that it took. */
function writeJournal(home: string, count: number): void {
  const folder = join(home, "bench.aaaaaaaa");
  mkdirSync(folder, { recursive: true });
  let text = "";
  let segments = 0;
  const flush = () => {
    segments += 1;
    writeFileSync(join(folder, `${String(segments).padStart(6, "0")}.jsonl`), text);
    text = "";
  };
  const ready = Math.min(readyMax, count);
  for (const { line } of madeEvents(madeDrafts(count, ready), "bench.aaaaaaaa")) {
    if (text.length + line.length >= segmentMaxBytes) flush();
    text += `${line}\n`;
  }
  flush();
}

async function openTimed(dir: string, startMs: number[]): Promise<Ledger> {
  const options = { dir, machine: "bench", disk: nodeDisk, nowMs: Date.now };
  let ledger: Ledger | undefined;
  startMs.push(
    await elapsedMs(async () => {
      ledger = await openLedger(options);
    }),
  );
  return ledger as Ledger;
}

/** The beads' bytes as JSON, and what reading just that costs. */
async function asCheckpoint({ world }: Ledger) {
  const texts: string[] = []; // A string holds half a gigabyte at most.
  let lines: string[] = [];
  for (const bead of world.all()) {
    if (lines.push(toBeadsLine(bead, world)) < linesMax) continue;
    texts.push(`[${lines.join(",")}]`);
    lines = [];
  }
  texts.push(`[${lines.join(",")}]`);
  const parseMs: number[] = [];
  for (let count = 0; count < 5; count += 1) {
    parseMs.push(
      await elapsedMs(() => {
        for (const text of texts) JSON.parse(text);
      }),
    );
  }
  const lineBytes = texts.reduce((bytes, text) => bytes + Buffer.byteLength(text), 0);
  return { lineBytes, parseMs };
}

/** Ask for what is ready after each of many events, wherever they happen. */
async function askOften(ledger: Ledger, count: number, times: number) {
  const readyMs: number[] = [];
  for (let number = -20; number < times; number += 1) {
    const bead = uidOf((Math.abs(number) * 7_919) % count);
    await ledger.append("overseer", [setFields(bead, { notes: `Looked at ${number} times.` })]);
    const ms = await elapsedMs(() => readyBeads(ledger.world, Date.now()));
    if (number >= 0) readyMs.push(ms);
  }
  return { readyMs };
}

/** What is in use once garbage is collected. */
function heapBytes(): number {
  v8.setFlagsFromString("--expose-gc");
  const collect = vm.runInNewContext("gc") as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
