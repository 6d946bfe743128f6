import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import v8 from "node:v8";
import vm from "node:vm";
import { toBeadsLine } from "#services/ledger/beads-line.ts";
import { nodeDisk } from "#services/ledger/disk-node.ts";
import { setFields } from "#services/ledger/drafts.ts";
import { segmentMaxBytes } from "#services/ledger/journal.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { openWork, readyBeads } from "#services/ledger/readiness.ts";
import { unseal } from "#services/ledger/store/seal.ts";
import { elapsedMs, percentile, spreadOf } from "../measure.ts";
import { type Finding, finding, type Measured } from "../metric.ts";
import type { Settings } from "../settings.ts";
import { madeDrafts, madeEvents, uidOf } from "./made-beads.ts";

const bench = "ledger";
/** So many are ready, whatever the size. */
const readyMax = 100;
const starts = 5;
/** The size that the targets are meant for. */
const targetSize = 100_000;
const rowsMax = 200_000;

/** What a ledger of this many beads costs: to start, to ask, to hold. */
export async function* benchSize(
  { repeats, dir }: Settings,
  count: number,
): AsyncIterable<Finding> {
  const home = join(dir, `size-${count}`);
  writeJournal(home, count);
  const meant = count >= targetSize;
  const found = (cost: string, measured: Omit<Measured, "bench" | "metric">) => {
    const metric = `${cost}, ${count.toLocaleString("en")} beads`;
    return finding({ ...measured, bench, metric, growth: { cost, beads: count } });
  };
  const before = heldBytes();
  const without: number[] = [];
  let ledger = await openTimed(home, without);
  yield found("start without a checkpoint", { unit: "ms", ours: without[0] ?? 0 });
  const madeMs = await elapsedMs(() => ledger.checkpoint());
  yield found("first checkpoint", { unit: "ms", ours: madeMs });
  await ledger.close();
  const limit = spreadOf(parseCheckpoint(home));
  const startMs: number[] = [];
  for (let again = 0; again < starts; again += 1) {
    ledger = await openTimed(home, startMs);
    if (again + 1 < starts) await ledger.close();
  }
  const start = { unit: "ms", ours: spreadOf(startMs), limit };
  yield found("cold start to the first ready", { ...start, ...(meant && { target: 2 }) });
  const list = () => elapsedMs(() => openWork(ledger.world));
  yield found("first list", { unit: "ms", ours: await list() });
  yield found("list", { unit: "ms", ours: await list() });
  const lineBytes = bytesOf(ledger);
  const held = { ours: (heldBytes() - before) / count, limit: lineBytes / count };
  yield found("memory per active bead", { unit: "bytes", ...held, ...(meant && { target: 3 }) });
  const readyMs = await askOften(ledger, count, repeats * 40);
  const p99 = percentile(readyMs, 0.99);
  yield found("ready p99", { unit: "ms", ours: p99, ...(meant && { target: 2 }) });
  yield found("ready p50", { unit: "ms", ours: spreadOf(readyMs) });
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

/** A start is over when it can say what is ready. */
async function openTimed(dir: string, startMs: number[]): Promise<Ledger> {
  const store = checkpointIn(dir);
  const options = { dir, machine: "bench", disk: nodeDisk, nowMs: Date.now, store };
  let ledger: Ledger | undefined;
  startMs.push(
    await elapsedMs(async () => {
      ledger = await openLedger(options);
      readyBeads(ledger.world, Date.now());
    }),
  );
  return ledger as Ledger;
}

function checkpointIn(dir: string): string {
  return join(dir, "checkpoint.db");
}

/** What it costs to parse the checkpoint's JSON, and nothing else. */
function parseCheckpoint(dir: string): number[] {
  const db = new DatabaseSync(checkpointIn(dir), { readOnly: true });
  const texts: string[] = []; // A string holds half a gigabyte at most.
  let rows: string[] = [];
  for (const { state, card } of db.prepare("SELECT state, card FROM bead").iterate()) {
    if (rows.push(unseal(`${state}`) ?? "", unseal(`${card}`) ?? "") < rowsMax) continue;
    texts.push(`[${rows.join(",")}]`);
    rows = [];
  }
  texts.push(`[${rows.join(",")}]`);
  db.close();
  return Array.from({ length: 5 }, () => {
    const start = performance.now();
    for (const text of texts) JSON.parse(text);
    return performance.now() - start;
  });
}

/** The beads' bytes as JSON. */
function bytesOf({ world }: Ledger): number {
  let bytes = 0;
  for (const bead of world.all()) bytes += Buffer.byteLength(toBeadsLine(bead, world));
  return bytes;
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
  return readyMs;
}

/** What is in use once garbage is collected, on the heap and beside it. */
function heldBytes(): number {
  v8.setFlagsFromString("--expose-gc");
  const collect = vm.runInNewContext("gc") as () => void;
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
