import { expect, test } from "vitest";
import { wireVersion } from "#services/config/version.ts";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { setFields } from "#services/ledger/drafts.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { identityField } from "#services/ledger/machines.ts";
import { RigAgentConfig } from "./config.ts";
import { enrol } from "./enrol.ts";
import { supersession, watchSupersession } from "./superseded.ts";

const uid = derivedUid("machine", "vm-a");
const config = RigAgentConfig.parse({ machine: "vm-a", home: "/h" });
const [first, second] = ["first", "second"].map((identity) => ({ machine: "vm-a", identity }));

async function open() {
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/j", machine: "vm-a", disk, nowMs: () => 1 });
  const join = (identity?: string, polecatsMax = 4) =>
    enrol(ledger, { ...config, polecatsMax }, wireVersion, identity);
  const named = () => {
    const bead = ledger.world.bead(uid);
    return bead && identityField.read(bead);
  };
  return { ledger, join, named };
}

test("a machine says once which home it is, also where it was enrolled without", async () => {
  const { ledger, join, named } = await open();
  await join();
  expect(named()).toBeUndefined();
  await join("first");
  expect(named()).toBe("first");
  const count = ledger.log().length;
  await join("first");
  expect(ledger.log().length).toBe(count);
  // A version that knows of no identities leaves it as it is.
  await join(undefined, 8);
  expect(named()).toBe("first");
});

test("what a home offers now does not say anew that the name is its own", async () => {
  const { ledger, join } = await open();
  await join("first");
  await join("first", 8);
  const offered = { "gt.machine": expect.objectContaining({ polecatsMax: 8 }) };
  expect(ledger.history(uid).at(-1)?.values).toEqual({ fields: offered });
});

test("a home is told once that another one has its name, and nobody else is", async () => {
  const { ledger, join } = await open();
  if (!first || !second) throw new Error("two homes");
  await join("first");
  const told: string[] = [];
  watchSupersession(ledger, first, ({ reason, message }) => told.push(`${reason}: ${message}`));
  expect(supersession(ledger.world, first)).toBeUndefined();
  await ledger.append("town", [setFields(uid, { title: "vm-a, the big one" })]);
  expect(told).toEqual([]);
  await join("second");
  await join("third");
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/^state: another home is machine vm-a now, and this one stops/);
  expect(told[0]).toContain("gt machine lost vm-a --for-good");
  expect(supersession(ledger.world, second)).toContain("another home is machine vm-a now");
});

test("with another home in the ledger already it is told at once", async () => {
  const { ledger, join } = await open();
  await join("second");
  const told: string[] = [];
  if (first) watchSupersession(ledger, first, ({ reason }) => told.push(reason));
  expect(told).toEqual(["state"]);
});
