import { expect, test } from "vitest";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { createBead, setFields } from "#services/ledger/drafts.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { appointments } from "./appoint.ts";

async function fleet(): Promise<Ledger> {
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/j", machine: "town", disk, nowMs: () => 1 });
  const machine = (name: string) =>
    createBead({
      uid: name,
      id: `hq-machine-${name}`,
      title: name,
      issueType: "machine",
      fields: { "gt.machine": { name, polecatsMax: 1 } },
    });
  const rig = { name: "alpha", prefix: "alpha", remote: "r", target: "main" };
  const fields = { "gt.rig": rig };
  const bead = { uid: "rig", id: "hq-rig-alpha", title: "alpha", issueType: "rig", fields };
  await ledger.append("town", [machine("vm-a"), machine("vm-b"), createBead(bead)]);
  return ledger;
}

const appointed = (ledger: Ledger, heard: readonly string[]) =>
  appointments(ledger.world, (machine) => heard.includes(machine)).map(({ values }) => values);

test("a rig without an authority gets one that is heard, once", async () => {
  const ledger = await fleet();
  expect(appointed(ledger, [])).toEqual([]);
  expect(appointed(ledger, ["vm-b"])).toEqual([{ fields: { "gt.appointed": "vm-b" } }]);
  await ledger.append("town", [setFields("rig", { "gt.appointed": "vm-b" })]);
  expect(appointed(ledger, ["vm-a", "vm-b"])).toEqual([]);
});

test("who holds it already keeps it when a second machine comes to serve the rig", async () => {
  const ledger = await fleet();
  const held = { machine: "vm-b", term: 1 };
  await ledger.append("town", [setFields("rig", { "gt.authority": held })]);
  expect(appointed(ledger, ["vm-a", "vm-b"])).toEqual([{ fields: { "gt.appointed": "vm-b" } }]);
});
