import { expect, test } from "vitest";
import { FleetService, LossPolicy } from "#proto/gastown/v1/fleet_service_pb.ts";
import { setFields } from "#services/ledger/drafts.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { holderOf, rigField, rigNamed } from "#services/ledger/rigs.ts";
import type { Beat } from "#services/telemetry/beat.ts";
import { moveRig } from "./move-rig.ts";
import { ask, scratchFleet } from "./scratch-fleet.ts";
import { updateRig } from "./update-rig.ts";

const { method } = FleetService;
const rigUid = derivedUid("rig", "alpha");

async function open() {
  const fleet = await scratchFleet();
  await fleet.write(setFields(rigUid, { "gt.authority": { machine: "vm-a", term: 3 } }));
  const move = (machine: string, name = "alpha", id?: string) =>
    ask(method.moveRig, moveRig(fleet), { name, machine }, fleet.by("ann", id));
  const update = (request: { onLoss?: LossPolicy; lossWaitSeconds?: number }) =>
    ask(method.updateRig, updateRig(fleet), { name: "alpha", ...request }, fleet.by("ann"));
  return { ...fleet, move, update };
}

test("who is appointed shall hold the rig, at the term that is known", async () => {
  const { move, ledger } = await open();
  const { rig } = await move("vm-b");
  expect(rig).toMatchObject({ appointed: "vm-b", authority: "vm-a", term: 3n });
  const fields = ledger.world.bead(rigUid)?.fields;
  const asked = { by: "ann", at: expect.any(String) };
  expect(fields?.["gt.appointed"]).toEqual({ machine: "vm-b", term: 3, asked });
  const events = ledger.log().length;
  await move("vm-b");
  // The request is remembered, and changes nothing.
  expect(ledger.log().length).toBe(events + 1);
  expect((await move("vm-a")).rig?.appointed).toBe("vm-a");
});

test("a term that is beaten, and not in the ledger yet, overrides no appointment", async () => {
  const { move, beats, ledger, write } = await open();
  const authorities = [
    { rig: "beta", term: 9 },
    { rig: "alpha", term: 5 },
  ];
  beats.push({ machine: "vm-a", authorities } as Partial<Beat> as Beat);
  await move("vm-b");
  await write(setFields(rigUid, { "gt.authority": { machine: "vm-a", term: 5 } }));
  const enrolled = rigNamed(ledger.world, "alpha");
  expect(enrolled && holderOf(enrolled)).toBe("vm-b");
  expect(enrolled?.appointed?.term).toBe(5);
});

test.for([
  { fields: { "gt.machine_state": "cordoned" }, says: "gt machine uncordon vm-b" },
  { fields: { "gt.machine_state": "draining" }, says: "vm-b is draining" },
  { fields: { "gt.lost": { sinceAt: "2026-01-01", why: "" } }, says: "vm-b is lost" },
  {
    fields: { "gt.machine": { name: "vm-b", polecatsMax: 1, rigs: ["beta"], wire: 2 } },
    says: "vm-b does not serve rig alpha",
  },
  {
    fields: { "gt.machine": { name: "vm-b", polecatsMax: 1, wire: 9 } },
    says: "upgrade the town first",
  },
])("a rig is not moved to where it could not be held: $says", async ({ fields, says }) => {
  const { move, change } = await open();
  await change("vm-b", fields);
  const refused = move("vm-b");
  await expect(refused).rejects.toMatchObject({ reason: "state" });
  await expect(refused).rejects.toThrow(says);
  await expect(refused).rejects.toThrow("it could go to vm-a");
});

test("a silent or an unknown machine, or rig, is told with what there is", async () => {
  const { move, silent } = await open();
  silent.add("vm-b");
  await expect(move("vm-b")).rejects.toThrow("vm-b is silent; start its rig-agent first");
  await expect(move("vm-x")).rejects.toThrow("no machine vm-x; there are vm-a, vm-b");
  await expect(move("vm-a", "gamma")).rejects.toThrow("no rig gamma; there are alpha, beta");
});

test("a rig's policy changes, and nothing else of it", async () => {
  const { update, ledger, write } = await open();
  const before = ledger.world.bead(rigUid)?.fields[rigField.name] as Record<string, string>;
  await write(setFields(rigUid, { [rigField.name]: { ...before, later: "kept" } }));
  const { rig } = await update({ onLoss: LossPolicy.WAIT });
  expect(rig).toMatchObject({ onLoss: LossPolicy.WAIT, lossWaitSeconds: 60 });
  expect((await update({ lossWaitSeconds: 0 })).rig).toMatchObject({
    onLoss: LossPolicy.WAIT,
    lossWaitSeconds: 0,
  });
  const changed = { ...before, later: "kept", onLoss: "wait", lossWaitMs: 0 };
  expect(ledger.world.bead(rigUid)?.fields[rigField.name]).toEqual(changed);
  await expect(update({})).rejects.toMatchObject({ reason: "invalid" });
  await expect(update({ lossWaitSeconds: -1 })).rejects.toMatchObject({ reason: "invalid" });
});
