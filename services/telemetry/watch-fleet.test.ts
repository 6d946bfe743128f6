import { expect, test } from "vitest";
import { connectMemoryBus, createMemoryBroker } from "#services/bus/bus-memory.ts";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { createBead, setFields } from "#services/ledger/drafts.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { ManualClock } from "#services/lifecycle/clock.ts";
import { listenToPeers } from "./peers.ts";
import { watchFleet } from "./watch-fleet.ts";

async function fleet(self?: string) {
  const clock = new ManualClock(1_000_000);
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/j", machine: "town", disk, nowMs: clock.nowMs });
  const names = ["vm-a", "vm-b", "vm-c"];
  const machine = (name: string) =>
    createBead({
      uid: name,
      id: `hq-machine-${name}`,
      title: name,
      issueType: "machine",
      fields: { "gt.machine": { name, polecatsMax: 1 } },
    });
  await ledger.append("town", names.map(machine));
  const bus = connectMemoryBus(createMemoryBroker(), { name: "town" });
  const signal = new AbortController().signal;
  const peers = listenToPeers({ bus, town: "t", clock, signal, onBeat: () => {} });
  const watch = watchFleet({ world: ledger.world, peers, clock, ...(self && { self }) });
  /** Let time go on in rounds, in which some machines are heard. */
  const pass = (ms: number, ...heard: readonly string[]) => {
    for (let left = ms; left > 0; left -= 5_000) {
      clock.advance(5_000);
      for (const name of heard) peers.heardEvent(name, clock.nowMs());
      watch.verdict();
    }
    return [...watch.verdict().lost.keys()];
  };
  return { clock, ledger, peers, watch, pass };
}

test("a machine that falls silent among others is lost, and comes back by its voice", async () => {
  const { ledger, pass } = await fleet();
  expect(pass(120_000, "vm-a", "vm-b", "vm-c")).toEqual([]);
  expect(pass(60_000, "vm-b", "vm-c")).toEqual([]);
  expect(pass(5_000, "vm-b", "vm-c")).toEqual(["vm-a"]);
  const lost = { sinceAt: "2026-01-01T00:00:00.000Z", why: "" };
  await ledger.append("deacon", [setFields("vm-a", { "gt.lost": lost })]);
  expect(pass(5_000, "vm-b", "vm-c")).toEqual(["vm-a"]);
  expect(pass(5_000, "vm-a", "vm-b", "vm-c")).toEqual([]);
});

test("who judges is not lost to itself", async () => {
  const { pass } = await fleet("vm-a");
  expect(pass(200_000, "vm-b", "vm-c")).toEqual([]);
});

test("after a stop of our own the others are given time to be heard", async () => {
  const { clock, watch, pass } = await fleet();
  pass(120_000, "vm-a", "vm-b", "vm-c");
  clock.advance(900_000);
  expect(watch.verdict()).toMatchObject({ lost: new Map(), braked: [] });
  expect(pass(30_000, "vm-b", "vm-c")).toEqual([]);
  expect(pass(40_000, "vm-b", "vm-c")).toEqual(["vm-a"]);
});

test("a loss that the overseer confirmed needs no bus and no majority", async () => {
  const { clock, ledger, pass } = await fleet();
  pass(120_000, "vm-a", "vm-b", "vm-c");
  expect(pass(70_000, "vm-c")).toEqual([]);
  const confirmed = { at: new Date(clock.nowMs()).toISOString(), by: "ann" };
  await ledger.append("ann", [setFields("vm-b", { "gt.loss_confirmed": confirmed })]);
  expect(pass(5_000, "vm-c")).toContain("vm-b");
});

test("whoever is heard first after a storm does not make the rest lost", async () => {
  const { pass } = await fleet();
  pass(120_000, "vm-a", "vm-b", "vm-c");
  expect(pass(120_000, "vm-c")).toEqual([]);
  expect(pass(55_000, "vm-b", "vm-c")).toEqual([]);
  expect(pass(10_000, "vm-b", "vm-c")).toEqual(["vm-a"]);
});
