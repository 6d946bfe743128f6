import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nodeDisk } from "../disk-node.ts";
import { hashLine } from "../event.ts";
import { openLedger } from "../ledger.ts";
import { linesOf } from "./crash.ts";
import { randomNumbers } from "./tape.ts";

const kills = 200;
/** Each home is killed so often, and read after each time. */
const killsPerHome = 10;
const homesAtOnce = 4;
/** The kill comes after so many acknowledgements at most. */
const acknowledgedMax = 60;

let folder = "";
let writer = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gt-kill-"));
  writer = join(folder, "writer.mjs");
  const entry = join(import.meta.dirname, "writer.ts");
  await build({ entryPoints: [entry], outfile: writer, ...bundling });
});
const bundling = { bundle: true, platform: "node", format: "esm", logLevel: "error" } as const;

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Write until `after` lines were acknowledged, then kill -9; returns what was acknowledged. */
async function writeAndKill(dir: string, seed: number, after: number): Promise<string[]> {
  const child = spawn(process.execPath, [writer, dir, String(seed)], {
    env: { ...process.env, NODE_COMPILE_CACHE: join(folder, "cache") },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
    if (text.split("\n").length > after + 1) child.kill("SIGKILL");
  });
  const ended = await new Promise((resolve) => {
    child.once("close", (_code, signal) => resolve(signal));
  });
  expect(ended).toBe("SIGKILL");
  return text.split("\n").slice(1, -1);
}

/** What one home's kills came to. */
async function killOneHome(home: number): Promise<{ acknowledged: number; faults: string[] }> {
  const random = randomNumbers(home);
  const dir = join(folder, `home${home}`);
  const acknowledged: string[] = [];
  const faults: string[] = [];
  for (let kill = 0; kill < killsPerHome; kill += 1) {
    const seed = home * killsPerHome + kill;
    acknowledged.push(...(await writeAndKill(dir, seed, random(acknowledgedMax))));
  }
  const options = { dir, machine: "vm-a", disk: nodeDisk, nowMs: () => Date.now() };
  const ledger = await openLedger(options);
  const there = new Set((await linesOf(ledger)).map(hashLine));
  for (const line of acknowledged) {
    if (!there.has(line.split(" ")[2] ?? "")) faults.push(`lost ${line}`);
  }
  const alarms = ledger.alarms().filter(({ kind }) => kind !== "torn-tail");
  faults.push(...alarms.map(({ kind, detail }) => `${kind}: ${detail}`));
  await ledger.close();
  return { acknowledged: acknowledged.length, faults };
}

test(`${kills} kills of a process that writes lose nothing that was acknowledged`, async () => {
  const homes = Array.from({ length: kills / killsPerHome }, (_, home) => home);
  let acknowledged = 0;
  const faults: string[] = [];
  const worker = async () => {
    for (let home = homes.shift(); home !== undefined; home = homes.shift()) {
      const each = await killOneHome(home);
      acknowledged += each.acknowledged;
      faults.push(...each.faults);
    }
  };
  await Promise.all(Array.from({ length: homesAtOnce }, worker));
  expect(faults).toEqual([]);
  expect(acknowledged).toBeGreaterThan(kills * 10);
}, 180_000);
