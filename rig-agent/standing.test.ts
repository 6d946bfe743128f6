import { setImmediate as rounds } from "node:timers/promises";
import { expect, test } from "vitest";
import { wireOldest, wireVersion } from "#services/config/version.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { claimBead, closeBead, createBead, spawnWorker } from "#services/ledger/drafts.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { machineNamed } from "#services/ledger/machines.ts";
import { ManualClock } from "#services/lifecycle/clock.ts";
import type { Beat } from "#services/telemetry/beat.ts";
import { RigAgentConfig } from "./config.ts";
import { enrol } from "./enrol.ts";
import { refuseWork } from "./refuse-work.ts";
import { standingTrouble, watchStanding } from "./standing.ts";

const config = RigAgentConfig.parse({ machine: "vm-a", home: "/h" });
const uid = derivedUid("machine", "vm-a");

async function machine() {
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/j", machine: "vm-a", disk, nowMs: () => 1_000_000 });
  await enrol(ledger, config);
  return ledger;
}

const townOf = (wire: number | undefined) => ({
  of: () => {
    const beat = { wire } as Beat;
    return wire === undefined ? undefined : { beat, heardMs: 0, link: "bus" as const };
  },
});

test.for([
  { wire: undefined, trouble: undefined },
  { wire: wireVersion, trouble: undefined },
  { wire: wireVersion + 1, trouble: undefined },
  { wire: wireVersion + 2, trouble: "upgrade the machine" },
  { wire: wireOldest, trouble: "upgrade the town first" },
])("next to a town of wire version $wire a machine finds: $trouble", async ({ wire, trouble }) => {
  const { world } = await machine();
  const found = standingTrouble(world, "vm-a", townOf(wire));
  if (trouble === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(trouble);
});

test("a machine in trouble begins nothing, and goes on with what it has begun", async () => {
  const ledger = await machine();
  const { world } = ledger;
  await ledger.append("town", [
    createBead({ uid: "a", id: "alpha-a", title: "a" }),
    claimBead("a", "1.1", { machine: "vm-a", polecat: "rigs/alpha/polecats/nux" }),
  ]);
  const refuse = refuseWork(world, "vm-a", () => "upgrade it");
  expect(refuse(world.bead("a") as Bead)).toBe("upgrade it");
  await ledger.append("vm-a", [spawnWorker("a", "1.1.0", { session: "s", machine: "vm-a" })]);
  expect(refuse(world.bead("a") as Bead)).toBeUndefined();
});

test("a machine that was given up says so, and is a member again once it joins", async () => {
  const ledger = await machine();
  const { world } = ledger;
  const given = closeBead(uid, { close: "lost:0", kind: "lost", reason: "given up for good" });
  await ledger.append("town", [given]);
  expect(machineNamed(world, "vm-a")).toBeUndefined();
  expect(standingTrouble(world, "vm-a", townOf(wireVersion))).toContain("given up for good");
  expect(await enrol(ledger, config)).toBe(true);
  expect(machineNamed(world, "vm-a")?.state).toBe("ready");
  expect(world.bead(uid)?.status).toBe("pinned");
  expect(standingTrouble(world, "vm-a", townOf(wireVersion))).toBeUndefined();
  expect(await enrol(ledger, config)).toBe(false);
});

test("a trouble is told when it comes, and when it goes", async () => {
  const clock = new ManualClock(0);
  const stop = new AbortController();
  const told: (string | undefined)[] = [];
  let now: string | undefined;
  const actor = watchStanding({
    ...{ clock, signal: stop.signal, trouble: () => now, report: () => {} },
    told: (trouble) => told.push(trouble),
  });
  const pass = async () => {
    clock.advance(5_000);
    await rounds(); // Let the round that fell due end.
  };
  await rounds();
  now = "too old";
  await pass();
  await pass();
  now = undefined;
  await pass();
  stop.abort();
  await actor.ended;
  expect(told).toEqual(["too old", undefined]);
});
