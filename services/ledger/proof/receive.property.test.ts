import fc from "fast-check";
import { expect, test } from "vitest";
import { MemoryDisk } from "../disk-memory.ts";
import { type Ledger, openLedger } from "../ledger.ts";
import { canonical } from "./canonical.ts";
import { type History, makeHistory, tapeSizes } from "./history.ts";
import { requests, uids } from "./made-draft.ts";
import { randomNumbers, shuffled } from "./tape.ts";

const tapes = tapeSizes.map(({ weight, ...length }) => {
  return { weight, arbitrary: fc.uint8Array({ ...length, size: "max" }) };
});
const histories = fc.oneof(...tapes).map(makeHistory);

function open(machine: string, disk = new MemoryDisk()): Promise<Ledger> {
  return openLedger({ dir: "/j", machine, disk, nowMs: () => 1_000 });
}

function linesOf(happened: History): string[] {
  return happened.map(({ event }) => event.line);
}

/** Lines in batches of any size, some of which come twice. */
function batches(lines: readonly string[], seed: number): string[][] {
  const random = randomNumbers(seed);
  const split: string[][] = [];
  for (let at = 0; at < lines.length; ) {
    const size = 1 + random(5);
    split.push(lines.slice(at, at + size));
    if (random(4) === 0) split.push(lines.slice(at, at + size));
    at += size;
  }
  return split;
}

const worldOf = (ledger: Ledger) => canonical(ledger.world, uids, requests);

test("replicas that heard the same in any order, in parts, and repeatedly, agree", async () => {
  await fc.assert(
    fc.asyncProperty(histories, fc.nat(), async (happened, seed) => {
      const [one, other] = [await open("reader"), await open("reader")];
      const lines = linesOf(happened);
      one.receive(lines, "all");
      for (const batch of batches(shuffled(lines, seed), seed)) other.receive(batch, "parts");
      expect(worldOf(other)).toBe(worldOf(one));
      expect(other.gaps()).toEqual([]);
      const forks = (ledger: Ledger) => ledger.alarms().filter(({ kind }) => kind === "fork");
      expect(forks(other).length).toBe(forks(one).length);
      expect(other.alarms().filter(({ kind }) => kind === "bad-line")).toEqual([]);
    }),
    { numRuns: 1_200 },
  );
});

test("what is written over what was seen wins everywhere, and drags no clock along", async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (happened) => {
      const disk = new MemoryDisk();
      const [one, other] = [await open("one", disk), await open("other")];
      for (const ledger of [one, other]) ledger.receive(linesOf(happened), "all");
      const [over] = await one.append("overseer", [
        { bead: "a", op: "set", values: { fields: { title: "over it" } } },
      ]);
      const [next] = await one.append("overseer", [
        { bead: "own", op: "set", values: { fields: { title: "mine" } } },
      ]);
      expect(next?.clock).toEqual([1_000, 1]);
      other.receive([next?.line ?? "", over?.line ?? ""], one.writer);
      expect(other.world.state("a")?.fields.get("title")?.value).toBe("over it");
      expect(worldOf(other)).toBe(worldOf(one));
      const restarted = await open("one", disk);
      restarted.receive(linesOf(happened), "all");
      expect(worldOf(restarted)).toBe(worldOf(one));
    }),
    { numRuns: 400 },
  );
});
