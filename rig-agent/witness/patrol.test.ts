import { expect, test } from "vitest";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { addEdges, createBead } from "#services/ledger/drafts.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { reserveNamed } from "#services/ledger/wisp-reservation.ts";
import { openWisps } from "#services/ledger/wisp-store.ts";
import { closeLease, leaseUid, openLease } from "./lease.ts";
import { beginPatrol, currentPatrol, endPatrol, patrolDigest } from "./patrol.ts";

const nowMs = 1_000;
const dayMs = 86_400_000;
const holder = { agent: "rigs/alpha/polecats/nux", bead: "w", beadId: "al-1", epoch: "1.1.0" };

/** A patrol whose one lease is over. */
async function open() {
  const options = { machine: "vm-a", nowMs: () => nowMs };
  const disk = new MemoryDisk();
  const wisps = await openWisps({ ...options, dir: "/wisp", disk });
  const ledger = await openLedger({ ...options, dir: "/j", disk: new MemoryDisk() });
  const rolling = () => {
    const patrol = currentPatrol(wisps.world, "vm-a");
    if (!patrol) throw new Error("one rolls");
    return patrol;
  };
  await wisps.append("vm-a", [beginPatrol("vm-a", nowMs, "hq-wisp-1")]);
  await wisps.append("vm-a", openLease(rolling().root, holder));
  const lease = leaseUid(rolling().root, holder);
  await wisps.append("vm-a", closeLease(wisps.world, lease, "COMPLETED"));
  return { disk, wisps, ledger, rolling };
}

test("an ended patrol leaves no byte of itself or of its leases", async () => {
  const { disk, wisps, rolling } = await open();
  await wisps.append("vm-a", [endPatrol(rolling(), "burn")]);
  expect(currentPatrol(wisps.world, "vm-a")).toBeUndefined();
  await wisps.collect(nowMs + dayMs, { maxAgeMs: dayMs - 1, abandonedMaxAgeMs: dayMs });
  expect(wisps.world.size()).toBe(0);
  const sizes = disk.paths().map(async (path) => (await disk.read(path)).length);
  expect((await Promise.all(sizes)).filter((bytes) => bytes > 0)).toEqual([]);
});

test("its digest is found by what named the patrol while it rolled", async () => {
  const { wisps, ledger, rolling } = await open();
  const { root } = rolling();
  const edge = addEdges("t", [{ to: "hq-wisp-1", type: "related" }]);
  await ledger.append("ann", [
    ...reserveNamed(ledger.world, wisps.world, "vm-a", [edge]),
    createBead({ uid: "t", id: "hq-t", title: "t" }),
    edge,
  ]);
  const digest = () => patrolDigest(ledger.world, "vm-a", rolling(), "2026-03-01T00:00:00Z");
  await ledger.append("vm-a", digest());
  expect(digest()).toEqual([]);
  const [named] = ledger.world.bead("t")?.dependencies ?? [];
  expect(named).toMatchObject({ id: "hq-wisp-1", uid: root.uid });
  expect(ledger.world.bead(root.uid)).toMatchObject({
    ...{ issueType: "event", labels: ["digest"], status: "closed" },
    fields: { "gt.patrol": { leases: [{ bead: "al-1", outcome: "COMPLETED" }] } },
  });
});
