import { expect, test } from "vitest";
import type { Json } from "#services/ledger/bead-state.ts";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { closeBead, createBead, setFields } from "#services/ledger/drafts.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { machines } from "#services/ledger/machines.ts";
import { appointments } from "./appoint.ts";

type Fleet = Readonly<Record<string, Readonly<Record<string, Json>>>>;

const two: Fleet = { "vm-a": {}, "vm-b": {} };

async function fleet(of: Fleet = two, rigs: readonly string[] = ["alpha"]): Promise<Ledger> {
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/j", machine: "town", disk, nowMs: () => 1 });
  const machine = ([name, fields]: [string, Fleet[string]]) =>
    createBead({
      uid: name,
      id: `hq-machine-${name}`,
      title: name,
      issueType: "machine",
      fields: { "gt.machine": { name, polecatsMax: 1, wire: 2 }, ...fields },
    });
  const rig = (name: string) =>
    createBead({
      uid: name,
      id: `hq-rig-${name}`,
      title: name,
      issueType: "rig",
      fields: { "gt.rig": { name, prefix: name, remote: "r", target: "main" } },
    });
  await ledger.append("town", [...Object.entries(of).map(machine), ...rigs.map(rig)]);
  return ledger;
}

const set = (ledger: Ledger, fields: Readonly<Record<string, Json>>, rig = "alpha") =>
  ledger.append("town", [setFields(rig, fields)]);

/** Make the appointments, and say who holds which rig by them. */
async function appointed(
  ledger: Ledger,
  heard: readonly string[] = ["vm-a", "vm-b", "vm-c"],
  { nowMs = 0, term = 0 } = {},
) {
  const isFit = (machine: string) => heard.includes(machine);
  const drafts = appointments(ledger.world, { isFit, termOf: () => term, nowMs });
  await ledger.append("deacon", drafts);
  return drafts.map(({ bead, values }) => {
    const { fields } = values as { fields: { "gt.appointed": { machine: string; term: number } } };
    const { machine, term } = fields["gt.appointed"];
    return `${bead} ${machine}@${term}`;
  });
}

const lost = { "gt.lost": { sinceAt: "2026-01-01T00:00:00Z", why: "silent" } };
const held = (machine: string, term: number) => ({ machine, term });

test("a rig without an authority gets one that is heard, once", async () => {
  const ledger = await fleet();
  expect(await appointed(ledger, [])).toEqual([]);
  expect(await appointed(ledger, ["vm-b"])).toEqual(["alpha vm-b@0"]);
  expect(await appointed(ledger)).toEqual([]);
});

test("who holds it already keeps it when a second machine comes to serve the rig", async () => {
  const ledger = await fleet();
  await set(ledger, { "gt.authority": held("vm-b", 1) });
  expect(await appointed(ledger)).toEqual(["alpha vm-b@1"]);
});

test("rigs are spread over who can hold them", async () => {
  const ledger = await fleet(two, ["alpha", "beta", "gamma"]);
  const want = ["alpha vm-a@0", "beta vm-b@0", "gamma vm-a@0"];
  expect(await appointed(ledger)).toEqual(want);
});

test.for([
  { why: "lost", fields: lost },
  { why: "draining", fields: { "gt.machine_state": "draining" } },
  {
    why: "not serving it any more",
    fields: { "gt.machine": { name: "vm-a", polecatsMax: 1, rigs: ["x"] } },
  },
])("a holder that is $why hands over, at the term that was known", async ({ fields }) => {
  const ledger = await fleet({ "vm-a": fields, "vm-b": {} });
  await set(ledger, { "gt.appointed": held("vm-a", 2), "gt.authority": held("vm-a", 3) });
  expect(await appointed(ledger, ["vm-a"])).toEqual([]);
  expect(await appointed(ledger)).toEqual(["alpha vm-b@3"]);
  expect(await appointed(ledger)).toEqual([]);
});

test("a holder that is gone for good hands over", async () => {
  const ledger = await fleet();
  await set(ledger, { "gt.appointed": held("vm-a", 2) });
  const close = { close: "gone", kind: "done", reason: "gone for good" };
  await ledger.append("ann", [closeBead("vm-a", close)]);
  expect(await appointed(ledger)).toEqual(["alpha vm-b@2"]);
});

test("a cordoned holder, and one that is merely silent, keep it", async () => {
  const ledger = await fleet({ "vm-a": { "gt.machine_state": "cordoned" }, "vm-b": {} });
  await set(ledger, { "gt.appointed": held("vm-a", 2) });
  expect(await appointed(ledger, ["vm-b"])).toEqual([]);
});

test("the only one to serve a rig keeps it, lost or drained", async () => {
  const ledger = await fleet({ "vm-a": { ...lost, "gt.machine_state": "draining" } });
  await set(ledger, { "gt.appointed": held("vm-a", 2) });
  expect(await appointed(ledger)).toEqual([]);
});

test("who took a later term by itself is adopted, and not a lost one", async () => {
  const ledger = await fleet();
  await set(ledger, { "gt.appointed": held("vm-a", 2), "gt.authority": held("vm-b", 3) });
  expect(await appointed(ledger, ["vm-a"])).toEqual([]);
  expect(await appointed(ledger)).toEqual(["alpha vm-b@3"]);
  await set(ledger, { "gt.authority": held("vm-a", 4) });
  await ledger.append("deacon", [setFields("vm-a", lost)]);
  expect(await appointed(ledger)).toEqual(["alpha vm-b@4"]);
});

test("what a person has just asked for is asserted over a term that comes to light", async () => {
  const ledger = await fleet();
  const askedMs = Date.parse("2026-01-01T00:00:00Z");
  const asked = { by: "ann", at: "2026-01-01T00:00:00Z" };
  const override = {
    "gt.appointed": { ...held("vm-b", 2), asked },
    "gt.authority": held("vm-a", 3),
  };
  await set(ledger, override);
  const later = (byMs: number) => ({ nowMs: askedMs + byMs });
  expect(await appointed(ledger, ["vm-a", "vm-b"], later(1_000))).toEqual(["alpha vm-b@3"]);
  expect(await appointed(ledger, ["vm-a", "vm-b"], later(1_001))).toEqual([]);
  // What the same person asked for then is asserted again, and only for a while.
  await set(ledger, { "gt.authority": held("vm-a", 4) });
  expect(await appointed(ledger, ["vm-a", "vm-b"], later(2_000))).toEqual(["alpha vm-b@4"]);
  await set(ledger, { "gt.authority": held("vm-a", 5) });
  expect(await appointed(ledger, ["vm-a", "vm-b"], later(60_001))).toEqual(["alpha vm-a@5"]);
  // One that cannot hold it now is not insisted on.
  await set(ledger, override);
  expect(await appointed(ledger, ["vm-a"], later(1_000))).toEqual(["alpha vm-a@5"]);
});

test("an appointment rises above a term that is heard of before the ledger has it", async () => {
  const ledger = await fleet({ "vm-a": lost, "vm-b": {} });
  await set(ledger, { "gt.appointed": held("vm-a", 2) });
  expect(await appointed(ledger, ["vm-b"], { term: 4 })).toEqual(["alpha vm-b@4"]);
});

test("an appointment that another start of its own holder overtook stands", async () => {
  const ledger = await fleet();
  await set(ledger, { "gt.appointed": held("vm-a", 2), "gt.authority": held("vm-a", 9) });
  expect(await appointed(ledger)).toEqual([]);
});

test("a rig fenced by its target is given to nobody who fences by the chain alone", async () => {
  const ledger = await fleet();
  const read = () => appointments(ledger.world, all).map(({ bead }) => bead);
  const all = { isFit: () => true, termOf: () => 0, nowMs: 0 };
  const rig = ledger.world.bead("hq-rig-alpha");
  const main = { ...(rig?.fields["gt.rig"] as object), fencing: "main" };
  const old = { polecatsMax: 1, wire: 1 };
  await ledger.append("town", [setFields(rig?.uid ?? "", { "gt.rig": main })]);
  expect(read()).toContain(rig?.uid);
  for (const { machine, bead } of machines(ledger.world)) {
    await ledger.append("town", [setFields(bead.uid, { "gt.machine": { ...machine, ...old } })]);
  }
  expect(read()).not.toContain(rig?.uid);
});
