import { hash } from "node:crypto";
import type { MemoryDisk } from "#services/git/memory/disk.ts";
import { cloneAt, must } from "#services/git/memory/memory-git.ts";
import type { Tree } from "#services/git/memory/objects.ts";
import type { Gate } from "#services/ledger/rigs.ts";
import type { GateResult } from "#services/ledger/work-fields.ts";
import { pause } from "#services/lifecycle/pause.ts";
import { TownError } from "#services/rpc/town-error.ts";
import type { GateRun } from "../../rig-agent/refinery/ports.ts";
import type { Random } from "./random.ts";
import type { SimProcess } from "./timeline.ts";

/** The gate of every simulated rig; what it says of a tree depends on its files alone. */
export const testGate: Gate = { name: "test", command: "test", timeoutSeconds: 60 };

/** So many runs of a hundred fail where a test is flaky. */
const flakeShare = 4;
const truths = new WeakMap<Tree, boolean>();

/** Whether a tree is good in truth, flakes aside. */
export function holds(tree: Tree): boolean {
  let is = truths.get(tree);
  if (is === undefined) {
    is = look(tree.files);
    truths.set(tree, is);
  }
  return is;
}

/** What one run of the gate on a tree says; another run may say otherwise where it is flaky. */
export function judgeTree(tree: Tree, run: number): boolean {
  if (!holds(tree)) return false;
  for (const [path, text] of tree.files) {
    if (!path.startsWith("src/") || !text.startsWith("flaky ")) continue;
    const drawn = Number.parseInt(hash("sha1", `${tree.id} ${path} ${run}`).slice(0, 6), 16);
    if (drawn % 100 < flakeShare) return false;
  }
  return true;
}

/** Sees each run of a gate. */
export type GateWitness = (run: GateRun, tree: Tree, passed: boolean) => void;

/** Run gates on a simulated machine: it takes a while, and the tree decides. */
export function simGates(ports: {
  readonly process: SimProcess;
  readonly disk: MemoryDisk;
  readonly random: Random;
  readonly witness?: GateWitness;
}): (run: GateRun, signal: AbortSignal) => Promise<GateResult> {
  const { process, disk, random, witness } = ports;
  let runs = 0;
  return async (run, signal) => {
    const { tree } = must(cloneAt(disk, run.repoDir), run.commit);
    const elapsedMs = random.int(1_000, 8_000);
    runs += 1;
    const passed = judgeTree(tree, random.int(0, 1_000_000) + runs);
    await pause(process.clock, elapsedMs, signal);
    if (signal.aborted) throw new TownError("cancelled", "the gate was cut short");
    witness?.(run, tree, passed);
    const { gate, commit } = run;
    const exitCode = passed ? 0 : 1;
    const output = passed ? "all is well" : "1 test failed";
    return { gate: gate.name, commit, passed, exitCode, elapsedMs, output };
  };
}

function look(files: ReadonlyMap<string, string>): boolean {
  for (const [path, text] of files) {
    if (path.startsWith("src/") && /^(?:broken|half) /.test(text)) return false;
    const pair = /^pairs\/(.*)-a\.txt$/.exec(path)?.[1];
    if (pair === undefined) continue;
    if (files.has(`pairs/${pair}-b.txt`) && !files.has(`pairs/${pair}-fixed.txt`)) return false;
  }
  return true;
}
