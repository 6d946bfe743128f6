import { setImmediate as delivered } from "node:timers/promises";
import { expect, test } from "vitest";
import { connectMemoryBus, createMemoryBroker } from "#services/bus/bus-memory.ts";
import { beatSubject } from "#services/bus/subjects.ts";
import { createBead, setFields } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { ManualClock } from "#services/lifecycle/clock.ts";
import { type Beat, encodeBeat } from "#services/telemetry/beat.ts";
import { listenToPeers } from "#services/telemetry/peers.ts";
import { scratchTown } from "../scratch-town.ts";
import { diagnose } from "./diagnose.ts";
import type { MainStanding } from "./town-service.ts";

const beat: Beat = {
  ...{ machine: "vm-a", incarnation: "", atMs: 0, version: "1", wire: 1, heads: {} },
  ...{ polecatsMax: 1, authorities: [], polecats: [], loopLagMs: 0 },
};

async function check(
  name: string,
  mainStanding?: () => MainStanding,
  more: readonly Draft[] = [],
  elapsedMs = 0,
  homes: { readonly beats?: readonly string[]; readonly refused?: readonly string[] } = {},
) {
  const { ledger, nowMs: wallMs } = await scratchTown();
  await ledger.append("town", more);
  const nowMs = () => wallMs() + elapsedMs;
  const broker = createMemoryBroker();
  const bus = connectMemoryBus(broker, { name: "town" });
  const clock = new ManualClock(wallMs());
  const { signal } = new AbortController();
  const peers = listenToPeers({ bus, town: "t", clock, signal, onBeat: () => {} });
  const other = connectMemoryBus(broker, { name: "vm-a" });
  for (const incarnation of homes.beats ?? []) {
    other.signal(beatSubject("t", "vm-a"), encodeBeat({ ...beat, incarnation }));
  }
  await delivered();
  ledger.alarm({ kind: "rewound-remote", detail: "main was at 1234 and is gone" });
  const places = { town: "t", endpoint: "town", home: "/home", startedMs: 0, nowMs };
  const whole = { ...places, ledger, bus, peers, isRemoteUp: () => true };
  const refusedHomes = () => homes.refused ?? [];
  const found = diagnose({ ...whole, refusedHomes, ...(mainStanding && { mainStanding }) });
  return found.find((each) => each.name === name);
}

test("a town that was deposed fails its check, with what to do", async () => {
  const deposed = await check("ledger main", () => ({ ok: false, detail: "another has term 2" }));
  expect(deposed).toMatchObject({ ok: false, detail: "another has term 2" });
  expect(deposed?.remedy).toContain("end one of the two towns");
  const well = await check("ledger main", () => ({ ok: true, detail: "term 1" }));
  expect(well).toMatchObject({ ok: true, remedy: "" });
});

test("a machine, which writes no main, has no such check", async () => {
  expect(await check("ledger main")).toBeUndefined();
});

test("a remote that went back is told as an alarm of the ledger", async () => {
  const found = await check("ledger");
  expect(found).toMatchObject({ ok: false });
  expect(found?.detail).toContain("rewound-remote: main was at 1234 and is gone");
});

const [alpha, vmA] = [derivedUid("rig", "alpha"), derivedUid("machine", "vm-a")];
const lost = { "gt.lost": { sinceAt: "2026-01-01T00:00:00.000Z", why: "not heard for 61 s" } };
const vmB = createBead({
  uid: "vm-b",
  id: "hq-vm-b",
  title: "vm-b",
  issueType: "machine",
  fields: { "gt.machine": { name: "vm-b", polecatsMax: 1 } },
});
const heldBy = (machine: string, more = {}) =>
  setFields(alpha, { "gt.appointed": { machine, term: 1 }, ...more });

test("a lost machine, and a rig whose authority it was, are told of", async () => {
  const drafts = [setFields(vmA, lost), heldBy("vm-a")];
  const machines = await check("machines", undefined, drafts);
  expect(machines?.detail).toBe("vm-a is lost since 2026-01-01T00:00:00.000Z (not heard for 61 s)");
  const alone = await check("authorities", undefined, drafts);
  expect(alone?.detail).toContain("alpha, vm-a, is lost: nothing is claimed or landed, nobody");
  const other = await check("authorities", undefined, [vmB, ...drafts]);
  expect(other?.detail).toContain("alpha, vm-a, is lost: another machine is about to have it");
  const gone = await check("authorities", undefined, [heldBy("vm-z")]);
  expect(gone?.detail).toContain("alpha, vm-z, is gone");
});

test("an appointment that somebody overtook with the town away is told of", async () => {
  const taken = heldBy("vm-a", { "gt.authority": { machine: "vm-b", term: 4 } });
  const found = await check("authorities", undefined, [vmB, taken]);
  expect(found?.detail).toContain("vm-b took rig alpha by itself (term 4): vm-a was appointed");
});

test("a storm that the brake holds is told of, with the word that ends it", async () => {
  const found = await check("machines", undefined, [vmB], 120_000);
  expect(found?.detail).toContain("vm-a, vm-b fell silent with most of the fleet");
  expect(found?.remedy).toContain("gt machine lost vm-a");
});

test("two processes of one name, and a home that was refused it, are told of", async () => {
  const beats = ["vm-a.1", "vm-a.2", "vm-a.1", "vm-a.2", "vm-a.1"];
  const refused = ["another home than the one of vm-a was refused"];
  const found = await check("homes", undefined, [], 0, { beats, refused });
  expect(found).toMatchObject({ ok: false });
  expect(found?.detail).toContain("two processes beat as vm-a: vm-a.1 and vm-a.2");
  expect(found?.detail).toContain("another home than the one of vm-a was refused");
  expect(await check("homes")).toMatchObject({ ok: true });
});

test("work that waits while no machine takes any is told of, with who could again", async () => {
  const work = createBead({
    ...{ uid: "a", id: "alpha-1", title: "a" },
    fields: { "gt.sling": { runtime: "patch" } },
  });
  expect(await check("waiting work", undefined, [work])).toMatchObject({ ok: true, remedy: "" });
  const drained = [work, setFields(vmA, { "gt.machine_state": "draining" })];
  const found = await check("waiting work", undefined, drained);
  expect(found).toMatchObject({
    ok: false,
    detail: "1 bead waits in rig alpha and no machine takes work: vm-a is draining",
  });
  expect(found?.remedy).toContain("`gt machine uncordon vm-a`");
  expect(await check("waiting work", undefined, [vmB, ...drained])).toMatchObject({ ok: true });
});
