import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeDisk } from "../disk-node.ts";
import { type Ledger, openLedger } from "../ledger.ts";
import { linesOf } from "./crash.ts";
import { smallDisk } from "./small-disk.ts";

function open(dir: string): Promise<Ledger> {
  return openLedger({ dir, machine: "vm-a", disk: nodeDisk, nowMs: () => Date.now() });
}

test("a real disk that runs full loses nothing, and goes on when there is room", async ({
  onTestFinished,
  skip,
}) => {
  const disk = smallDisk(256, onTestFinished);
  if (!disk) return skip("mounting a small tmpfs needs root");
  const ballast = join(disk.dir, "ballast");
  writeFileSync(ballast, "x".repeat(60_000));
  const ledger = await open(join(disk.dir, "journal"));
  const acknowledged: string[] = [];
  const reasons = new Set<string>();
  const write = async (title: string) => {
    const fields = { title, description: "x".repeat(3_000) };
    try {
      const drafts = [{ bead: "b", op: "set" as const, values: { fields } }];
      for (const { line } of await ledger.append("overseer", drafts)) acknowledged.push(line);
    } catch (error) {
      reasons.add((error as { reason: string }).reason);
    }
  };
  for (let count = 0; count < 60; count += 1) await Promise.all([write("one"), write("other")]);
  expect([...reasons]).toEqual(["exhausted"]);
  expect(ledger.alarms()).toEqual([]);
  const before = acknowledged.length;
  rmSync(ballast);
  await expect.poll(() => write("again").then(() => acknowledged.length)).toBeGreaterThan(before);
  await ledger.close();
  const again = await open(join(disk.dir, "journal"));
  const there = new Set(await linesOf(again));
  expect(acknowledged.filter((line) => !there.has(line))).toEqual([]);
  expect(again.alarms()).toEqual([]);
  await again.close();
});

test("a home on a read-only disk is refused by name", async ({ onTestFinished, skip }) => {
  const disk = smallDisk(256, onTestFinished);
  if (!disk) return skip("mounting a small tmpfs needs root");
  const dir = join(disk.dir, "journal");
  mkdirSync(dir);
  disk.remount("ro");
  await expect(open(dir)).rejects.toThrow(`cannot write to ${dir} (EROFS)`);
});
