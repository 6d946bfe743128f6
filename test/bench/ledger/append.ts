import { hash } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { nodeDisk } from "#services/ledger/disk-node.ts";
import { setFields } from "#services/ledger/drafts.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { checkpointFile, runLedgerCheckpoints } from "#services/ledger/run-checkpoints.ts";
import { systemClock } from "#services/lifecycle/clock.ts";
import { percentile, sideBySide, spreadOf } from "../measure.ts";
import { type Finding, finding } from "../metric.ts";
import type { Settings } from "../settings.ts";
import { madeBead, uidOf } from "./made-beads.ts";

const bench = "ledger";
const callers = 64;

/** What it costs to be told that an event is durable: alone, and among many. */
export async function* benchAppend({ repeats, dir }: Settings): AsyncIterable<Finding> {
  const ledger = await openLedger({
    ...{ dir: join(dir, "journal"), machine: "bench", disk: nodeDisk },
    ...{ nowMs: Date.now, store: join(dir, checkpointFile) },
  });
  const stop = new AbortController();
  const report = (error: unknown) => {
    throw error;
  };
  // As every process has it: what it costs is part of it.
  runLedgerCheckpoints({ ledger, clock: systemClock, signal: stop.signal, report });
  await ledger.append("overseer", [madeBead(0)]);
  const appends = repeats * 100;
  const bytes = Buffer.alloc((await oneEvent(ledger)).length + 1, "x");
  const file = await open(join(dir, "bare.jsonl"), "a");
  const alone = await sideBySide(
    {
      ours: () => oneEvent(ledger),
      limit: async () => {
        await file.appendFile(bytes);
        await file.datasync();
      },
    },
    { warmUps: 100, repeats: appends },
  );
  yield finding({
    ...{ bench, metric: "durable append, one writer, p50", unit: "ms", target: 2 },
    ours: spreadOf(alone.oursMs),
    limit: percentile(alone.limitMs, 0.5),
  });
  const bare = new BareLog(file);
  const each = 200;
  const many = await sideBySide(
    {
      ours: () => together(each, () => oneEvent(ledger)),
      limit: () => together(each, (number) => bare.append(number)),
    },
    { warmUps: 2, repeats },
  );
  const perSecond = (ms: number) => (callers * each * 1_000) / ms;
  yield finding({
    ...{ bench, metric: `appends per second, ${callers} concurrent callers`, unit: "/s" },
    ...{ target: 0.5, better: "higher" },
    ours: spreadOf(many.oursMs.map(perSecond)),
    limit: perSecond(percentile(many.limitMs, 0.5)),
  });
  stop.abort();
  await ledger.close();
  await file.close();
}

async function oneEvent(ledger: Ledger): Promise<string> {
  const notes = `Seen at ${ledger.world.size()}, and still as it was the day before.`;
  const events = await ledger.append("overseer", [setFields(uidOf(0), { notes })]);
  return events[0]?.line ?? "";
}

/** Each of the callers appends one after another, all of them at once. */
async function together(each: number, append: (number: number) => Promise<unknown>): Promise<void> {
  const caller = async (_: unknown, number: number) => {
    for (let count = 0; count < each; count += 1) await append(number);
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

/** The least that a durable, chained log can do: stringify, hash, and share an fsync. */
class BareLog {
  readonly #file: Awaited<ReturnType<typeof open>>;
  #waiting: { line: string; done: () => void }[] = [];
  #isPumping = false;
  #seq = 0;
  #hash = "";

  constructor(file: Awaited<ReturnType<typeof open>>) {
    this.#file = file;
  }

  append(number: number): Promise<void> {
    this.#seq += 1;
    const notes = `Seen at ${number}, and still as it was the day before.`;
    const line = JSON.stringify({
      ...{ v: 1, writer: "bench.aaaaaaaa", seq: this.#seq, clock: [Date.now(), 0] },
      ...{ actor: "overseer", bead: uidOf(0), op: "set", values: { fields: { notes } } },
      prev: this.#hash,
    });
    this.#hash = hash("sha256", line, "base64url");
    return new Promise((done) => {
      this.#waiting.push({ line, done });
      if (!this.#isPumping) void this.#pump();
    });
  }

  async #pump(): Promise<void> {
    this.#isPumping = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#file.appendFile(`${batch.map(({ line }) => line).join("\n")}\n`);
      await this.#file.datasync();
      for (const { done } of batch) done();
    }
    this.#isPumping = false;
  }
}
