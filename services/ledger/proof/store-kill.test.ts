import { spawn } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Disk } from "../disk.ts";
import { MemoryDisk } from "../disk-memory.ts";
import { nodeDisk } from "../disk-node.ts";
import { type Ledger, openLedger } from "../ledger.ts";
import { matchBead } from "../search.ts";
import { Store } from "../store/store.ts";
import { linesOf } from "./crash.ts";
import { storeRequests, storeUids, wordOf, workOn } from "./store-work.ts";
import { randomNumbers } from "./tape.ts";
import { told, uidsOf } from "./told.ts";

const kills = 45;
/** Each home is killed so often, and looked at after each time. */
const killsPerHome = 15;
const homesAtOnce = 2;
/** The kill comes after so many words of the process at most. */
const wordsMax = 150;

let folder = "";
let writer = "";
let peers: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gt-store-kill-"));
  writer = join(folder, "writer.mjs");
  const entry = join(import.meta.dirname, "store-writer.ts");
  await build({ entryPoints: [entry], outfile: writer, ...bundling });
  peers = [...(await linesOfPeer("vm-b", 1)), ...(await linesOfPeer("vm-c", 2))];
  await writeFile(join(folder, "peers"), peers.join("\n"));
});
const bundling = { bundle: true, platform: "node", format: "esm", logLevel: "error" } as const;

afterAll(() => rm(folder, { recursive: true, force: true }));

/** What another machine wrote of the same beads. */
async function linesOfPeer(machine: string, seed: number): Promise<string[]> {
  const random = randomNumbers(seed);
  const disk = new MemoryDisk();
  const nowMs = () => Date.now() - 1_000 + random(2_000);
  const ledger = await openLedger({ dir: "/j", machine, disk, nowMs });
  for (let count = 0; count < 150; count += 1) {
    await ledger.append("bob", workOn(ledger.world, random));
  }
  const lines = await linesOf(ledger);
  await ledger.close();
  return lines;
}

/** Let a process work until it has said `after` words, then kill -9; returns what it said. */
async function workAndKill(home: string, seed: number, after: number): Promise<string[]> {
  const child = spawn(process.execPath, [writer, home, join(folder, "peers"), String(seed)], {
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
  return text.split("\n").slice(0, -1);
}

/** How far each segment is in the checkpoint. */
async function folded(home: string): Promise<ReadonlyMap<string, number>> {
  const copy = `${home}.looked`;
  await cp(home, copy, { recursive: true });
  const store = new Store(join(copy, "checkpoint.db"), "vm-a");
  const segments = store.segments();
  store.close();
  await rm(copy, { recursive: true });
  return segments;
}

/** What is found by each word that stands in one bead alone. */
function found({ world }: Ledger): string[] {
  return storeUids.flatMap((uid) => {
    const query = [wordOf(uid)];
    const beads = [...world.found(query), ...world.all()].filter(
      (bead) => !bead.deleted && matchBead(bead, query),
    );
    return [uid, ...uidsOf(beads)];
  });
}

/** What is wrong with a home as a kill has left it: looked at in a copy. */
async function faultsOf(home: string, acknowledged: readonly string[]): Promise<string[]> {
  const copy = `${home}.copy`;
  await cp(home, copy, { recursive: true });
  const known = await folded(copy);
  const faults: string[] = [];
  const disk: Disk = {
    ...nodeDisk,
    read: async (path) => {
      const bytes = await nodeDisk.read(path);
      const name = path.split("/").slice(-2).join("/");
      if (bytes.length > 0 && known.get(name) === bytes.length)
        faults.push(`read ${name}, which was folded`);
      return bytes;
    },
  };
  const options = { dir: join(copy, "journal"), machine: "vm-a", nowMs: () => Date.now() };
  const ledger = await openLedger({ ...options, disk, store: join(copy, "checkpoint.db") });
  const plain = await openLedger({ ...options, disk: nodeDisk });
  plain.receive(peers.slice(0, Number(ledger.noted("seen") ?? 0)), "git");
  const asked = { uids: storeUids, requests: storeRequests, nowMs: Date.now() };
  const [ours, theirs] = [ledger, plain].map((each) => {
    return { ...told(each, asked), found: found(each) } as Record<string, unknown>;
  });
  for (const [name, value] of Object.entries(theirs ?? {})) {
    const same = JSON.stringify(ours?.[name]) === JSON.stringify(value);
    if (!same) faults.push(`${name} differs`);
  }
  const there = new Set([...ledger.log()].map(({ hash }) => hash));
  for (const hash of acknowledged) if (!there.has(hash)) faults.push(`lost ${hash}`);
  const alarms = ledger.alarms().filter(({ kind }) => kind !== "torn-tail");
  faults.push(...alarms.map(({ kind, detail }) => `${kind}: ${detail}`));
  await Promise.all([ledger.close(), plain.close()]);
  await rm(copy, { recursive: true });
  return faults;
}

/** What one home's kills came to. */
async function killOneHome(number: number) {
  const random = randomNumbers(number);
  const home = join(folder, `home${number}`);
  const acknowledged: string[] = [];
  const faults: string[] = [];
  let checkpoints = 0;
  for (let kill = 0; kill < killsPerHome; kill += 1) {
    const seed = number * killsPerHome + kill;
    const after = kill % 5 === 4 ? random(2) : random(wordsMax);
    const words = await workAndKill(home, seed, after);
    for (const word of words) {
      if (word.startsWith("acknowledged ")) acknowledged.push(word.slice(13));
      if (word === "checkpoint") checkpoints += 1;
      if (word.startsWith("alarm ")) faults.push(word);
    }
    const each = await faultsOf(home, acknowledged);
    faults.push(...each.map((fault) => `home ${number}, kill ${kill}: ${fault}`));
  }
  return { acknowledged: acknowledged.length, checkpoints, faults };
}

test(`${kills} kills amid checkpoints lose nothing and double nothing`, async () => {
  const homes = Array.from({ length: kills / killsPerHome }, (_, home) => home);
  const sum = { acknowledged: 0, checkpoints: 0, faults: [] as string[] };
  const worker = async () => {
    for (let home = homes.shift(); home !== undefined; home = homes.shift()) {
      const { acknowledged, checkpoints, faults } = await killOneHome(home);
      sum.acknowledged += acknowledged;
      sum.checkpoints += checkpoints;
      sum.faults.push(...faults);
    }
  };
  await Promise.all(Array.from({ length: homesAtOnce }, worker));
  expect(sum.faults).toEqual([]);
  expect(sum.acknowledged).toBeGreaterThan(kills * 10);
  expect(sum.checkpoints).toBeGreaterThan(kills);
}, 180_000);
