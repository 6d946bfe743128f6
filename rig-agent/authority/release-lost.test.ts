import { expect, test } from "vitest";
import type { Json } from "#services/ledger/bead-state.ts";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { claimBead, closeBead, createBead, setFields } from "#services/ledger/drafts.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { rigNamed } from "#services/ledger/rigs.ts";
import { goneMachines, LostSince, releasesOfLost } from "./release-lost.ts";

/** A rig with three beads in work: two on `vm-b`, one on `vm-a`; and what is released of them. */
async function scratch(policy: Readonly<Record<string, Json>> = {}) {
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/j", machine: "vm-a", disk, nowMs: () => 1_000_000 });
  const rig = { name: "alpha", prefix: "alpha", remote: "r", target: "main", ...policy };
  const held = (uid: string, machine: string) => [
    createBead({ uid, id: `alpha-${uid}`, title: uid }),
    claimBead(uid, "1.1", { machine, polecat: `rigs/alpha/polecats/${uid}` }),
  ];
  const machine = (name: string) => {
    const fields = { "gt.machine": { name, polecatsMax: 2 } };
    return createBead({ uid: name, id: `hq-${name}`, title: name, issueType: "machine", fields });
  };
  await ledger.append("overseer", [
    createBead({ uid: "r", id: "hq-r", title: "r", issueType: "rig", fields: { "gt.rig": rig } }),
    ...["vm-a", "vm-b"].map(machine),
    ...held("nux", "vm-b"),
    ...held("slit", "vm-b"),
    ...held("toast", "vm-a"),
  ]);
  const released = (lostForMs: number | undefined) => {
    const enrolled = rigNamed(ledger.world, "alpha");
    if (!enrolled) throw new Error("there is a rig");
    const forMs = (name: string) => (name === "vm-b" ? lostForMs : undefined);
    const gone = goneMachines(ledger.world);
    const why = (name: string) => `${name} is lost since noon`;
    return releasesOfLost(ledger.world, enrolled, { forMs, why, gone });
  };
  return { ledger, released };
}

const beads = (drafts: readonly { bead: string }[]) => drafts.map(({ bead }) => bead).sort();

test("claims on a machine that was lost for long enough end, and say why", async () => {
  const { released } = await scratch();
  expect(released(undefined)).toEqual([]);
  expect(released(59_999)).toEqual([]);
  expect(beads(released(60_000))).toEqual(["nux", "slit"]);
  const [first] = released(60_000);
  expect(first).toMatchObject({ op: "release", epoch: "1.1" });
  expect(first?.values).toEqual({ reason: "vm-b is lost since noon" });
});

test("how long is the rig's to say, and whether at all", async () => {
  expect(beads((await scratch({ lossWaitMs: 5 })).released(5))).toEqual(["nux", "slit"]);
  expect((await scratch({ onLoss: "wait" })).released(9_000_000)).toEqual([]);
});

test("what nobody else may take waits for its machine", async () => {
  const { ledger, released } = await scratch();
  await ledger.append("ann", [setFields("nux", { "gt.sling": { machine: "vm-b", by: "ann" } })]);
  expect(beads(released(60_000))).toEqual(["slit"]);
  await ledger.append("ann", [setFields("vm-a", { "gt.machine_state": "cordoned" })]);
  expect(released(60_000)).toEqual([]);
});

test("what was submitted is the merge queue's, whose worker need not live", async () => {
  const { ledger, released } = await scratch();
  const exit = { kind: "COMPLETED", epoch: "1.1.0", summary: "" };
  const request = { uid: "mr", id: "alpha-slit.mr-1-1", title: "Land" };
  await ledger.append("vm-b", [
    setFields("nux", { "gt.exit": exit }),
    createBead({ ...request, issueType: "merge-request", fields: { "gt.work": "slit" } }),
  ]);
  expect(released(60_000)).toEqual([]);
});

test("an exit of a former attempt, or another than completed, does not keep a claim", async () => {
  const { ledger, released } = await scratch();
  const exit = { kind: "COMPLETED", epoch: "1.0.0", summary: "" };
  await ledger.append("vm-b", [setFields("nux", { "gt.exit": exit })]);
  expect(beads(released(60_000))).toEqual(["nux", "slit"]);
});

test("a machine that left for good is not waited for, whatever the rig says", async () => {
  const { ledger, released } = await scratch({ onLoss: "wait" });
  const close = { close: "gone", kind: "lost", reason: "given up" };
  await ledger.append("ann", [closeBead("vm-b", close)]);
  const [first, ...more] = released(undefined);
  expect(first?.values).toEqual({ reason: "vm-b left the town for good" });
  expect(more).toHaveLength(1);
});

test("who comes back and is lost again is lost anew", () => {
  const lost = new LostSince();
  lost.note(new Set(["vm-b"]), 1_000);
  lost.note(new Set(["vm-b"]), 3_000);
  expect(lost.forMs("vm-b", 3_000)).toBe(2_000);
  lost.note(new Set(), 4_000);
  expect(lost.forMs("vm-b", 4_000)).toBeUndefined();
  lost.note(new Set(["vm-b"]), 5_000);
  expect(lost.forMs("vm-b", 5_000)).toBe(0);
});
