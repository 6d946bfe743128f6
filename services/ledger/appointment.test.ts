import { expect, test } from "vitest";
import { appointmentFields } from "./appointment.ts";
import { MemoryDisk } from "./disk-memory.ts";
import { createBead, setFields } from "./drafts.ts";
import { openLedger } from "./ledger.ts";
import { holderOf, rigNamed } from "./rigs.ts";

test.for([
  { wire: 2, written: { machine: "vm-b", term: 3 } },
  { wire: 1, written: "vm-b" },
])("an appointment overrides the term it knew of, with a machine of wire $wire", async (of) => {
  const { wire, written } = of;
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/j", machine: "town", disk, nowMs: () => 1 });
  const { world } = ledger;
  const rig = { name: "alpha", prefix: "alpha", remote: "r", target: "main" };
  const authority = { machine: "vm-a", term: 3 };
  const machine = (name: string, spoken: number) =>
    createBead({
      ...{ uid: name, id: `hq-machine-${name}`, title: name, issueType: "machine" },
      fields: { "gt.machine": { name, polecatsMax: 1, wire: spoken } },
    });
  await ledger.append("town", [
    machine("vm-a", wire),
    machine("vm-b", 2),
    createBead({
      ...{ uid: "rig", id: "hq-rig-alpha", title: "alpha", issueType: "rig" },
      fields: { "gt.rig": rig, "gt.authority": authority, "gt.appointed": "vm-a" },
    }),
  ]);
  const read = () => {
    const enrolled = rigNamed(world, "alpha");
    if (!enrolled) throw new Error("there is a rig");
    return enrolled;
  };
  const fields = appointmentFields(world, read().rig, { machine: "vm-b", term: 3 });
  expect(fields["gt.appointed"]).toEqual(written);
  await ledger.append("town", [setFields("rig", fields)]);
  expect(holderOf(read())).toBe("vm-b");
  const later = setFields("rig", { "gt.authority": { machine: "vm-a", term: 4 } });
  await ledger.append("vm-a", [later]);
  expect(holderOf(read())).toBe("vm-a");
});
