import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeDisk } from "../disk-node.ts";
import { openWisps } from "../wisp-store.ts";
import { randomNumbers } from "./tape.ts";

const kills = 12;
const writer = join(import.meta.dirname, "wisp-writer.ts");

/** Make and collect wisps until so many lines were printed, then kill -9; returns the lines. */
async function writeAndKill(dir: string, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, [writer, dir], {
    env: { ...process.env, NODE_COMPILE_CACHE: join(dir, "..", "cache") },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
    if (text.split("\n").length > lines + 1) child.kill("SIGKILL");
  });
  const ended = await new Promise((resolve) => {
    child.once("close", (_code, signal) => resolve(signal));
  });
  expect(ended).toBe("SIGKILL");
  return text.split("\n").slice(1, -1);
}

test(`${kills} kills amid collections lose no wisp, and bring none back`, async () => {
  const home = await mkdtemp(join(tmpdir(), "gt-wisp-kill-"));
  const dir = join(home, "wisp");
  const random = randomNumbers(1);
  const said: string[] = [];
  for (let kill = 0; kill < kills; kill += 1) {
    said.push(...(await writeAndKill(dir, 1 + random(80))));
  }
  const wisps = await openWisps({ dir, machine: "vm-a", disk: nodeDisk, nowMs: () => Date.now() });
  const named = (word: string) =>
    said.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(5));
  const isHere = (uid: string) => wisps.world.bead(uid) !== undefined;
  expect(named("kept").filter((uid) => !isHere(uid))).toEqual([]);
  expect(named("gone").filter(isHere)).toEqual([]);
  expect(wisps.alarms().filter(({ kind }) => kind !== "torn-tail")).toEqual([]);
  // Else it would not have tried what it is for.
  expect(named("kept").length).toBeGreaterThan(kills);
  expect(named("gone").length).toBeGreaterThan(kills);
  expect(await nodeDisk.listDirs(dir)).toHaveLength(1);
  await wisps.close();
  await rm(home, { recursive: true });
}, 120_000);
