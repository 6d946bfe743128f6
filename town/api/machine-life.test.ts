import { expect, test } from "vitest";
import { FleetService, MachineState } from "#proto/gastown/v1/fleet_service_pb.ts";
import { claimBead, createBead, setFields } from "#services/ledger/drafts.ts";
import { handOffField } from "#services/ledger/work-fields.ts";
import { drainHandOffs } from "../fleet/drain.ts";
import { confirmLoss } from "./confirm-loss.ts";
import { cordonMachine } from "./cordon-machine.ts";
import { drainMachine } from "./drain-machine.ts";
import { ask, scratchFleet } from "./scratch-fleet.ts";
import { uncordonMachine } from "./uncordon-machine.ts";

const { method } = FleetService;
const minuteMs = 60_000;

async function open() {
  const fleet = await scratchFleet();
  const call = {
    cordon: (name: string) =>
      ask(method.cordonMachine, cordonMachine(fleet), { name }, fleet.by("ann")),
    uncordon: (name: string) =>
      ask(method.uncordonMachine, uncordonMachine(fleet), { name }, fleet.by("ann")),
    drain: (request: { name: string; deadlineSeconds?: number; force?: boolean }, id?: string) =>
      ask(method.drainMachine, drainMachine(fleet), request, fleet.by("ann", id)),
    lost: (request: { name?: string; forGood?: boolean }, id?: string) =>
      ask(method.confirmLoss, confirmLoss(fleet), request, fleet.by("ann", id)),
  };
  return { ...fleet, ...call };
}

test("a machine is cordoned and taken back, each as often as one likes", async () => {
  const { cordon, uncordon, read } = await open();
  for (const _ of [1, 2]) {
    expect((await cordon("vm-a")).machine?.state).toBe(MachineState.CORDONED);
  }
  for (const _ of [1, 2]) {
    expect((await uncordon("vm-a")).machine?.state).toBe(MachineState.READY);
  }
  expect(read("vm-b")?.state).toBe("ready");
  const unknown = { reason: "not_found", message: "no machine vm-x; there are vm-a, vm-b" };
  await expect(cordon("vm-x")).rejects.toMatchObject(unknown);
});

test("asked for again, a drain goes on; a deadline or force moves only its end", async () => {
  const { drain, read, pass, nowMs } = await open();
  await drain({ name: "vm-a" });
  const first = read("vm-a")?.drain;
  expect(first).toMatchObject({ by: "ann", startedAt: new Date(nowMs()).toISOString() });
  expect(Date.parse(first?.deadlineAt ?? "")).toBe(nowMs() + 30 * minuteMs);
  pass(minuteMs);
  await drain({ name: "vm-a" });
  expect(read("vm-a")?.drain).toEqual(first);
  await drain({ name: "vm-a", deadlineSeconds: 60 });
  const sooner = { ...first, deadlineAt: new Date(nowMs() + minuteMs).toISOString() };
  expect(read("vm-a")?.drain).toEqual(sooner);
  await drain({ name: "vm-a", force: true });
  expect(read("vm-a")?.drain).toEqual({ ...first, deadlineAt: new Date(nowMs()).toISOString() });
  await expect(drain({ name: "vm-a", deadlineSeconds: -1 })).rejects.toMatchObject({
    reason: "invalid",
  });
});

test("one request is one drain, whatever happened in between", async () => {
  const { drain, uncordon, read } = await open();
  await drain({ name: "vm-a" }, "one");
  const { id } = read("vm-a")?.drain ?? {};
  await uncordon("vm-a");
  await drain({ name: "vm-a" }, "one");
  expect(read("vm-a")?.state).toBe("ready");
  await drain({ name: "vm-a" }, "two");
  expect(read("vm-a")?.drain?.id).not.toBe(id);
});

test("progress names what is left, and done is what the machine itself said", async () => {
  const { drain, write, change, read, pass, nowMs, ledger } = await open();
  await write(
    createBead({ uid: "a", id: "alpha-a", title: "a" }),
    claimBead("a", "1.1", { machine: "vm-a", polecat: "rigs/alpha/polecats/nux" }),
  );
  const held = { "gt.authority": { machine: "vm-a", term: 1 } };
  await write(setFields(ledger.world.bead("hq-rig-alpha")?.uid ?? "", held));
  const { machine } = await drain({ name: "vm-a" });
  expect(machine?.drain).toMatchObject({
    remaining: ["alpha-a"],
    authorities: ["alpha"],
    notes: [],
  });
  pass(31 * minuteMs);
  await change("vm-b", { "gt.machine_state": "cordoned" });
  const stuck = await drain({ name: "vm-a" });
  expect(stuck.machine?.drain?.notes).toEqual([
    "alpha-a has nowhere to go on: no machine but vm-a takes work of alpha now; " +
      "it waits for its worker to end",
  ]);
  expect(stuck.machine?.drain?.authorities).toEqual([]);
  await change("vm-b", { "gt.machine_state": "ready" });
  await write(...drainHandOffs(ledger.world, nowMs()));
  const asked = await drain({ name: "vm-a" });
  expect(asked.machine?.drain?.notes).toEqual(["alpha-a is being handed off"]);
  expect(asked.machine?.drain?.doneTime).toBeUndefined();
  const { id = "" } = read("vm-a")?.drain ?? {};
  await change("vm-a", { "gt.drained": { id: "another", at: "2026-01-01T00:00:00Z" } });
  expect((await drain({ name: "vm-a" })).machine?.drain?.doneTime).toBeUndefined();
  await change("vm-a", { "gt.drained": { id, at: "2026-01-01T00:00:00Z" } });
  expect((await drain({ name: "vm-a" })).machine?.drain?.doneTime).toBeDefined();
});

test("an uncordon calls a drain off, with the hand-offs that it asked for", async () => {
  const { drain, uncordon, cordon, write, ledger, nowMs } = await open();
  await write(
    ...["a", "b"].map((uid) => createBead({ uid, id: `alpha-${uid}`, title: uid })),
    ...["a", "b"].map((uid) =>
      claimBead(uid, "1.1", { machine: "vm-a", polecat: `rigs/alpha/polecats/${uid}` }),
    ),
    setFields("b", { [handOffField.name]: { to: "vm-b", epoch: "1.1", by: "ann" } }),
  );
  await drain({ name: "vm-a", force: true });
  await write(...drainHandOffs(ledger.world, nowMs()));
  await expect(cordon("vm-a")).rejects.toMatchObject({ reason: "state" });
  await uncordon("vm-a");
  const asked = (uid: string) => ledger.world.bead(uid)?.fields[handOffField.name] ?? null;
  expect(asked("a")).toBeNull();
  expect(asked("b")).toMatchObject({ by: "ann" });
});

test.for([
  { what: "lost", fields: { "gt.lost": { sinceAt: "2026-01-01", why: "" } }, says: "--for-good" },
  {
    what: "of the wire version before",
    fields: { "gt.machine": { name: "vm-a", polecatsMax: 1, wire: 1 } },
    says: "gt machine cordon vm-a",
  },
])("a machine that is $what is not drained, and told what to do", async ({ fields, says }) => {
  const { drain, change } = await open();
  await change("vm-a", fields);
  const refused = { reason: "state", message: expect.stringContaining(says) };
  await expect(drain({ name: "vm-a" })).rejects.toMatchObject(refused);
});

test("a loss is confirmed of who is silent alone", async () => {
  const { lost, silent, ledger } = await open();
  await expect(lost({})).rejects.toMatchObject({ reason: "state" });
  const heard = { reason: "state", message: expect.stringContaining("gt machine drain vm-a") };
  await expect(lost({ name: "vm-a" })).rejects.toMatchObject(heard);
  silent.add("vm-b");
  const said = await lost({}, "one");
  expect(said.machines?.map(({ name }) => name)).toEqual(["vm-b"]);
  expect((await lost({}, "one")).machines?.map(({ name }) => name)).toEqual(["vm-b"]);
  expect(ledger.world.bead("hq-machine-vm-b")?.fields["gt.loss_confirmed"]).toMatchObject({
    by: "ann",
  });
  await expect(lost({ forGood: true })).rejects.toMatchObject({ reason: "invalid" });
});

test("a machine that is given up for good is no member any more", async () => {
  const { lost, cordon, silent, read, ledger } = await open();
  silent.add("vm-b");
  const said = await lost({ name: "vm-b", forGood: true });
  expect(said.machines).toMatchObject([{ name: "vm-b", state: MachineState.LOST }]);
  expect(read("vm-b")?.bead).toMatchObject({ status: "closed", closeKind: "lost" });
  const gone = { reason: "not_found", message: expect.stringContaining("left for good") };
  await expect(cordon("vm-b")).rejects.toMatchObject(gone);
  expect(ledger.world.bead("hq-machine-vm-a")?.status).not.toBe("closed");
});
