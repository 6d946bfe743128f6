import { expect, test } from "vitest";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { createBead, setFields } from "#services/ledger/drafts.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { lossConfirmedField, lostField } from "#services/ledger/machines.ts";
import { appointedField } from "#services/ledger/rigs.ts";
import { inbox } from "#services/mail/mail.ts";
import type { FleetVerdict, Loss } from "#services/telemetry/judge-fleet.ts";
import type { Twins } from "#services/telemetry/twins.ts";
import { tend } from "./deacon.ts";

const sinceMs = Date.parse("2026-01-01T00:00:00Z");
const loss: Loss = { sinceMs, why: "not heard for 61 s" };

async function scratch() {
  const nowMs = () => sinceMs + 61_000;
  const ledger = await openLedger({ dir: "/j", machine: "town", disk: new MemoryDisk(), nowMs });
  const machine = (name: string) =>
    createBead({
      uid: name,
      id: `hq-machine-${name}`,
      title: name,
      issueType: "machine",
      fields: { "gt.machine": { name, polecatsMax: 1, wire: 2 } },
    });
  const rig = { name: "alpha", prefix: "alpha", remote: "r", target: "main" };
  const fields = { "gt.rig": rig, "gt.appointed": { machine: "vm-a", term: 1 } };
  const bead = { uid: "rig", id: "hq-rig-alpha", title: "alpha", issueType: "rig", fields };
  await ledger.append("town", [machine("vm-a"), machine("vm-b"), createBead(bead)]);
  const heard = new Map<string, number>();
  const memory = {};
  const twins: Twins[] = [];
  const patrol = (lost: Readonly<Record<string, Loss>>, braked: readonly string[] = []) => {
    const verdict: FleetVerdict = { lost: new Map(Object.entries(lost)), braked };
    const ears = {
      isFit: () => true,
      heardMs: (name: string) => heard.get(name),
      termOf: () => 0,
      twins: () => twins,
    };
    return tend({ ledger, nowMs, judge: () => verdict, ...ears }, memory);
  };
  const beadOf = (uid: string) => {
    const found = ledger.world.bead(uid);
    if (!found) throw new Error(`no bead ${uid}`);
    return found;
  };
  return { ledger, patrol, heard, twins, bead: beadOf };
}

test("a lost machine is written down once, loses its rig with that, and returns", async () => {
  const { ledger, patrol, bead } = await scratch();
  await patrol({ "vm-a": loss });
  const lost = { sinceAt: "2026-01-01T00:00:00.000Z", why: "not heard for 61 s" };
  expect(lostField.read(bead("vm-a"))).toEqual(lost);
  expect(appointedField.read(bead("rig"))).toEqual({ machine: "vm-b", term: 1 });
  const count = ledger.history("vm-a").length;
  await patrol({ "vm-a": loss });
  expect(ledger.history("vm-a")).toHaveLength(count);
  await patrol({});
  expect(lostField.read(bead("vm-a"))).toBeUndefined();
  expect(appointedField.read(bead("rig"))?.machine).toBe("vm-b");
});

test("what the overseer said of one silence is not said of the next", async () => {
  const { ledger, patrol, heard, bead } = await scratch();
  const confirmed = { at: new Date(sinceMs).toISOString(), by: "ann" };
  await ledger.append("ann", [setFields("vm-a", { [lossConfirmedField.name]: confirmed })]);
  await patrol({ "vm-a": loss });
  await patrol({});
  expect(lossConfirmedField.read(bead("vm-a"))).toEqual(confirmed);
  heard.set("vm-a", sinceMs + 1);
  await patrol({});
  expect(lossConfirmedField.read(bead("vm-a"))).toBeUndefined();
});

test("the overseer is told of a storm once, and of the next one again", async () => {
  const { ledger, patrol } = await scratch();
  const letters = () => inbox(ledger.world, "overseer").map(({ title }) => title);
  await patrol({}, ["vm-a"]);
  expect(letters()).toEqual([]);
  await patrol({}, ["vm-a", "vm-b"]);
  await patrol({}, ["vm-a", "vm-b"]);
  expect(letters()).toEqual(["2 machines fell silent at once: vm-a, vm-b"]);
});

test("two processes that beat as one machine are told of once, both by name", async () => {
  const { ledger, patrol, twins } = await scratch();
  twins.push({ machine: "vm-a", incarnations: ["vm-a.1", "vm-a.2"] });
  await patrol({});
  await patrol({});
  const [letter, ...more] = inbox(ledger.world, "overseer");
  expect(more).toEqual([]);
  expect(letter?.title).toBe("two processes beat as vm-a: vm-a.1 and vm-a.2");
});
