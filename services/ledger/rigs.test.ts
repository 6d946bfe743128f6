import { expect, test } from "vitest";
import { MemoryDisk } from "./disk-memory.ts";
import { createBead, setFields } from "./drafts.ts";
import { openLedger } from "./ledger.ts";
import { serves } from "./machines.ts";
import { isEnrolledId, rigNamed, rigOfId, rigs } from "./rigs.ts";

async function scratch() {
  const options = { dir: "/j", machine: "town", disk: new MemoryDisk(), nowMs: () => 1 };
  const ledger = await openLedger(options);
  for (const prefix of ["web", "web-api", "x"]) {
    const rig = { name: prefix, prefix, remote: "/r", target: "main" };
    const at = { uid: prefix, id: `hq-rig-${prefix}`, title: prefix, issueType: "rig" };
    await ledger.append("town", [createBead({ ...at, fields: { "gt.rig": rig } })]);
  }
  return ledger;
}

test("an id belongs to the rig of the longest enrolled prefix", async () => {
  const enrolled = rigs((await scratch()).world);
  expect(rigOfId("web-1a2b", enrolled)?.rig.name).toBe("web");
  expect(rigOfId("web-api-1a2b.x", enrolled)?.rig.name).toBe("web-api");
  expect(rigOfId("website-1", enrolled)).toBeUndefined();
  expect(isEnrolledId("hq-1", enrolled)).toBe(true);
  expect(isEnrolledId("gh-1", enrolled)).toBe(false);
});

test("a rig's defaults are filled in, and one that cannot be read is left out", async () => {
  const ledger = await scratch();
  expect(rigNamed(ledger.world, "x")?.rig).toMatchObject({ gates: [], setup: "", polecatsMax: 0 });
  await ledger.append("town", [setFields("x", { "gt.rig": { later: "shape" } })]);
  expect(rigs(ledger.world).map(({ rig }) => rig.name)).toEqual(["web", "web-api"]);
});

test.for([
  { rigs: [], machines: [], expected: true },
  { rigs: ["web"], machines: [], expected: true },
  { rigs: ["x"], machines: [], expected: false },
  { rigs: [], machines: ["vm-b"], expected: false },
  { rigs: ["web"], machines: ["vm-a"], expected: true },
])("a machine of $rigs serves a rig of $machines: $expected", (given) => {
  const machine = { name: "vm-a", rigs: given.rigs };
  expect(serves(machine, { name: "web", machines: given.machines })).toBe(given.expected);
});
