import { expect, test } from "vitest";
import type { Json } from "#services/ledger/bead-state.ts";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { claimBead, createBead, releaseBead } from "#services/ledger/drafts.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { gather } from "./gather.ts";

type Fields = Record<string, Json>;

/** Who is a candidate of a town with two machines and one bead that was placed on `vm-a`. */
async function candidates(
  vmA: Fields,
  sling: Fields = {},
  heard: readonly string[] = ["vm-a", "vm-b"],
): Promise<readonly string[]> {
  const nowMs = () => 1_000_000;
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/j", machine: "town", disk, nowMs });
  const machine = (name: string, fields: Fields) =>
    createBead({ uid: name, id: `hq-${name}`, title: name, issueType: "machine", fields });
  const rig = { name: "alpha", prefix: "alpha", remote: "r", target: "main" };
  const placement = { machine: "vm-a", reasons: [], claim: "" };
  await ledger.append("overseer", [
    createBead({ uid: "r", id: "hq-r", title: "r", issueType: "rig", fields: { "gt.rig": rig } }),
    machine("vm-a", { "gt.machine": { name: "vm-a", polecatsMax: 2 }, ...vmA }),
    machine("vm-b", { "gt.machine": { name: "vm-b", polecatsMax: 2 } }),
    createBead({
      uid: "a",
      id: "alpha-a",
      title: "a",
      fields: { "gt.sling": { by: "me", ...sling }, "gt.placement": placement },
    }),
  ]);
  const isHeard = (name: string) => heard.includes(name);
  const gathered = gather(ledger.world, { rig: () => true, isHeard }, nowMs());
  return gathered.candidates.map(({ uid }) => uid);
}

test("a bead that was placed waits for its claim", async () => {
  expect(await candidates({})).toEqual([]);
});

test("it is placed anew where its machine would never have it claimed", async () => {
  const elsewhere = { name: "vm-a", polecatsMax: 2, rigs: ["beta"] };
  expect(await candidates({ "gt.machine": elsewhere })).toEqual(["a"]);
  expect(await candidates({ "gt.machine_state": "cordoned" })).toEqual(["a"]);
  expect(await candidates({}, { machine: "vm-b" })).toEqual(["a"]);
  expect(await candidates({}, {}, ["vm-b"])).toEqual(["a"]);
});

test("a lost machine has no seat, by the ledger's word or by that of who asks", async () => {
  const lost = { "gt.lost": { sinceAt: "2026-01-01T00:00:00Z", why: "silent" } };
  expect(await candidates(lost)).toEqual(["a"]);
});

const handedOff = (to: string, epoch = "1.1") => ({ "gt.handoff": { to, epoch, by: "ann" } });

test.for([
  { name: "to another machine", field: handedOff("vm-b"), machine: "vm-b", leaves: "vm-a" },
  { name: "to any other", field: handedOff(""), machine: undefined, leaves: "vm-a" },
  { name: "to one lost since", field: handedOff("vm-c"), machine: undefined, leaves: "vm-a" },
  { name: "to one that left", field: handedOff("vm-d"), machine: undefined, leaves: "vm-a" },
  { name: "of a former claim", field: handedOff("vm-b", "1.0"), machine: undefined },
])("a hand-off $name counts for the claim that it ended", async ({ field, machine, leaves }) => {
  const nowMs = () => 1_000_000;
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/j", machine: "town", disk, nowMs });
  const rig = { name: "alpha", prefix: "alpha", remote: "r", target: "main" };
  const fields = { "gt.sling": { by: "me" }, ...field };
  const host = (name: string, more: Fields = {}) => {
    const offer = { "gt.machine": { name, polecatsMax: 2 }, ...more };
    const at = { uid: name, id: `hq-${name}`, title: name, issueType: "machine" };
    return createBead({ ...at, fields: offer });
  };
  await ledger.append("overseer", [
    createBead({ uid: "r", id: "hq-r", title: "r", issueType: "rig", fields: { "gt.rig": rig } }),
    ...["vm-a", "vm-b"].map((name) => host(name)),
    host("vm-c", { "gt.lost": { sinceAt: "2026-01-01T00:00:00Z", why: "silent" } }),
    createBead({ uid: "a", id: "alpha-a", title: "a", fields }),
    claimBead("a", "1.1", { machine: "vm-a", polecat: "rigs/alpha/polecats/nux" }),
    releaseBead("a", "1.1", "handed off"),
  ]);
  const scope = { rig: () => true, isHeard: () => true };
  const { candidates: found } = gather(ledger.world, scope, nowMs());
  expect(found).toHaveLength(1);
  expect(found[0]?.machine).toBe(machine);
  expect(found[0]?.leaves).toBe(leaves);
});

test("a machine in trouble gets nothing though it is ready, and its words say why", async () => {
  const ledger = await openLedger({
    ...{ dir: "/j", machine: "town", disk: new MemoryDisk(), nowMs: () => 1 },
  });
  const rig = { name: "alpha", prefix: "alpha", remote: "r", target: "main" };
  const vmA = { name: "vm-a", polecatsMax: 2, wire: 9 };
  const machine = { uid: "m", id: "hq-m", title: "m", issueType: "machine" };
  await ledger.append("overseer", [
    createBead({ uid: "r", id: "hq-r", title: "r", issueType: "rig", fields: { "gt.rig": rig } }),
    createBead({ ...machine, fields: { "gt.machine": vmA } }),
    createBead({ uid: "a", id: "alpha-a", title: "a", fields: { "gt.sling": { by: "me" } } }),
  ]);
  const trouble = ({ wire }: { wire: number }) => `of wire ${wire}`;
  const scope = { rig: () => true, isHeard: () => true, trouble };
  expect(gather(ledger.world, scope, 1).seats).toMatchObject([{ closed: "kept out: of wire 9" }]);
});
