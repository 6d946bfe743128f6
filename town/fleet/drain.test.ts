import { expect, test } from "vitest";
import type { Json } from "#services/ledger/bead-state.ts";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { claimBead, createBead, setFields } from "#services/ledger/drafts.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { drainHandOffs } from "./drain.ts";

const nowMs = Date.parse("2026-01-01T01:00:00Z");
const polecat = "rigs/alpha/polecats/nux";

/** A fleet whose `vm-a` drains while it works on bead `a`. */
async function draining(more: {
  readonly deadlineAt: string;
  readonly other?: Record<string, Json>;
  readonly lost?: boolean;
}) {
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/j", machine: "town", disk, nowMs: () => nowMs });
  const machine = (name: string, fields: Record<string, Json>) =>
    createBead({
      ...{ uid: name, id: `hq-machine-${name}`, title: name, issueType: "machine" },
      fields: { "gt.machine": { name, polecatsMax: 2, wire: 2 }, ...fields },
    });
  const { deadlineAt } = more;
  const drain = { id: "d", by: "ann", startedAt: "2026-01-01T00:00:00Z", deadlineAt };
  const lost = { "gt.lost": { sinceAt: deadlineAt, why: "not heard" } };
  const rig = { name: "alpha", prefix: "alpha", remote: "r", target: "main" };
  await ledger.append("town", [
    machine("vm-a", {
      ...{ "gt.machine_state": "draining", "gt.drain": drain },
      ...(more.lost && lost),
    }),
    machine("vm-b", more.other ?? {}),
    createBead({
      ...{ uid: "rig", id: "hq-rig-alpha", title: "alpha", issueType: "rig" },
      fields: { "gt.rig": rig },
    }),
    createBead({ uid: "a", id: "alpha-a", title: "a" }),
    createBead({ uid: "b", id: "alpha-b", title: "b" }),
    claimBead("a", "1.1", { machine: "vm-a", polecat }),
    claimBead("b", "1.1", { machine: "vm-b", polecat: "rigs/alpha/polecats/slit" }),
  ]);
  return ledger;
}

const asked = { fields: { "gt.handoff": { to: "", epoch: "1.1", by: "deacon" } } };
const past = "2026-01-01T00:30:00Z";

test("what is left at the deadline is handed off, once per claim", async () => {
  const ledger = await draining({ deadlineAt: past });
  const drafts = drainHandOffs(ledger.world, nowMs);
  expect(drafts).toEqual([{ bead: "a", op: "set", values: asked }]);
  await ledger.append("deacon", drafts);
  expect(drainHandOffs(ledger.world, nowMs)).toEqual([]);
  await ledger.append("vm-a", [claimBead("a", "1.2", { machine: "vm-a", polecat })]);
  expect(drainHandOffs(ledger.world, nowMs)).toMatchObject([{ bead: "a" }]);
});

test("a worker that has left as done needs no hand-off", async () => {
  const ledger = await draining({ deadlineAt: past });
  const exit = { kind: "COMPLETED", epoch: "1.1.0", summary: "" };
  await ledger.append("vm-a", [setFields("a", { "gt.exit": exit })]);
  expect(drainHandOffs(ledger.world, nowMs)).toEqual([]);
});

test("a bead that was slung to the machine stays there", async () => {
  const ledger = await draining({ deadlineAt: past });
  const sling = { "gt.sling": { by: "ann", machine: "vm-a" } };
  await ledger.append("ann", [setFields("a", sling)]);
  expect(drainHandOffs(ledger.world, nowMs)).toEqual([]);
});

test.for([
  { name: "before the deadline", deadlineAt: "2026-01-01T01:00:01Z" },
  { name: "while the other is cordoned", other: { "gt.machine_state": "cordoned" } },
  { name: "while the other drains too", other: { "gt.machine_state": "draining" } },
  { name: "from a machine that is lost", lost: true },
])("nothing is handed off $name", async ({ name: _, ...more }) => {
  const ledger = await draining({ deadlineAt: past, ...more });
  expect(drainHandOffs(ledger.world, nowMs)).toEqual([]);
});
