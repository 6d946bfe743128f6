import { expect, test } from "vitest";
import type { Json } from "#services/ledger/bead-state.ts";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { claimBead, createBead, setFields } from "#services/ledger/drafts.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { machineNamed } from "#services/ledger/machines.ts";
import { ManualClock } from "#services/lifecycle/clock.ts";
import { Terms } from "../authority/terms.ts";
import type { PolecatSession } from "../polecat/sessions.ts";
import { type DrainPorts, sayWhenDone } from "./drain.ts";
import { drainDone } from "./judge.ts";

const drain = { id: "d", by: "ann", startedAt: "2026-01-01T00:00:00Z", deadlineAt: "2026-01-02" };
const none = { sessions: 0, claims: 0, authorities: 0 };

test.for([{ left: { sessions: 1 } }, { left: { claims: 1 } }, { left: { authorities: 1 } }])(
  "a drain is not done while $left is left",
  ({ left }) => {
    const host = { drain, drainedAt: undefined };
    expect(drainDone(host, { ...none, ...left })).toBeUndefined();
    expect(drainDone(host, none)).toBe("d");
  },
);

test("what nobody asked for, and what was said, is not said", () => {
  expect(drainDone(undefined, none)).toBeUndefined();
  expect(drainDone({ drain: undefined, drainedAt: undefined }, none)).toBeUndefined();
  expect(drainDone({ drain, drainedAt: "2026-01-01T01:00:00Z" }, none)).toBeUndefined();
});

/** `vm-a`, draining, that holds a rig which `vm-b` serves too, and works on its one bead. */
async function machine() {
  const clock = new ManualClock(Date.parse("2026-01-01T01:00:00Z"));
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/j", machine: "vm-a", disk, nowMs: clock.nowMs });
  const enrolled = (name: string, fields: Record<string, Json> = {}) =>
    createBead({
      ...{ uid: name, id: `hq-machine-${name}`, title: name, issueType: "machine" },
      fields: { "gt.machine": { name, polecatsMax: 2, wire: 2 }, ...fields },
    });
  const rig = { name: "alpha", prefix: "alpha", remote: "r", target: "main" };
  const authority = { "gt.authority": { machine: "vm-a", term: 1 } };
  await ledger.append("town", [
    enrolled("vm-a", { "gt.machine_state": "draining", "gt.drain": drain }),
    enrolled("vm-b"),
    createBead({
      ...{ uid: "rig", id: "hq-rig-alpha", title: "alpha", issueType: "rig" },
      fields: { "gt.rig": rig, ...authority },
    }),
    createBead({ uid: "a", id: "alpha-a", title: "a" }),
    claimBead("a", "1.1", { machine: "vm-a", polecat: "rigs/alpha/polecats/nux" }),
  ]);
  const terms = new Terms();
  terms.take({ rig: "alpha", term: 1, tip: "t", repoDir: "/r" });
  const sessions: PolecatSession[] = [{ state: "running" } as PolecatSession];
  const { signal } = new AbortController();
  const ports: DrainPorts = {
    ...{ machine: "vm-a", ledger, clock, signal, terms },
    sessions: { list: () => sessions },
  };
  const drained = async () => {
    await sayWhenDone(ports);
    return machineNamed(ledger.world, "vm-a")?.drainedAt;
  };
  const write = (uid: string, fields: Record<string, Json>) =>
    ledger.append("town", [setFields(uid, fields)]);
  return { drained, write, terms, sessions };
}

const exit = { "gt.exit": { kind: "COMPLETED", epoch: "1.1.0", summary: "" } };
const taken = { "gt.authority": { machine: "vm-b", term: 2 } };

test("a machine says that it is drained once workers, claims and terms are gone", async () => {
  const { drained, write, terms, sessions } = await machine();
  expect(await drained()).toBeUndefined();
  await write("a", exit);
  expect(await drained()).toBeUndefined();
  sessions.length = 0;
  expect(await drained()).toBeUndefined();
  terms.lose("alpha");
  // Whoever was appointed has not taken the term yet: the rig would have nobody.
  expect(await drained()).toBeUndefined();
  await write("rig", taken);
  expect(await drained()).toBe("2026-01-01T01:00:00.000Z");
});

test("an authority that nobody else could hold keeps no machine from being drained", async () => {
  const { drained, write, sessions } = await machine();
  await write("a", exit);
  sessions.length = 0;
  await write("vm-b", { "gt.machine_state": "cordoned" });
  expect(await drained()).toBeDefined();
});

test("a drain that was called off is never done", async () => {
  const { drained, write, terms, sessions } = await machine();
  await write("a", exit);
  await write("rig", taken);
  sessions.length = 0;
  terms.lose("alpha");
  await write("vm-a", { "gt.machine_state": "ready", "gt.drain": null });
  expect(await drained()).toBeUndefined();
});
