import { expect, test } from "vitest";
import type { Json } from "#services/ledger/bead-state.ts";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { closeBead, createBead, setFields } from "#services/ledger/drafts.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { ManualClock } from "#services/lifecycle/clock.ts";
import { openHomes } from "./homes.ts";

const lostAfterMs = 60_000;
const startMs = 1_000_000;
const uid = derivedUid("machine", "vm-a");
const lost = { "gt.lost": { sinceAt: "2026-01-01T00:00:00Z", why: "silent" } };
const closed = closeBead(uid, { close: "lost:0", kind: "lost", reason: "given up" });

async function scratch(fields: Record<string, Json> = { "gt.identity": "first" }) {
  const clock = new ManualClock(startMs);
  const { nowMs } = clock;
  const ledger = await openLedger({ dir: "/j", machine: "town", disk: new MemoryDisk(), nowMs });
  const bead = { uid, id: "hq-machine-vm-a", title: "vm-a", issueType: "machine", fields };
  await ledger.append("vm-a", [createBead(bead)]);
  const heard = { atMs: undefined as number | undefined, isBusUp: true };
  const peers = {
    heardMs: () => heard.atMs,
    isSilent: (_: string, forMs: number) =>
      heard.isBusUp && nowMs() - (heard.atMs ?? startMs) > forMs,
  };
  return { ledger, clock, heard, homes: openHomes({ ledger, peers, nowMs, lostAfterMs }) };
}

test("a second home is refused while the first is heard, with what to do", async () => {
  const { homes, heard, clock } = await scratch();
  heard.atMs = startMs;
  clock.advance(lostAfterMs);
  expect(() => homes.admit("vm-a", "second")).toThrow("give this one another name");
  expect(() => homes.admit("vm-a", "second")).toThrow("gt machine lost vm-a --for-good");
  expect(homes.refused().join()).toContain("of vm-a was refused under that name (2 times");
  homes.admit("vm-a", "first");
  homes.admit("vm-b", "second");
  clock.advance(11 * 60_000);
  expect(homes.refused()).toEqual([]);
});

test.for([
  { why: "lost", fields: lost, waitMs: 0, isIn: true },
  { why: "lost and heard again", fields: lost, heardAgoMs: 1, waitMs: 1, isIn: false },
  { why: "silent for so long", waitMs: lostAfterMs + 1, isIn: true },
  { why: "not heard by a town that has just started", waitMs: lostAfterMs, isIn: false },
  { why: "without a voice", isBusUp: false, waitMs: 10 * lostAfterMs, isIn: false },
  { why: "lost by a town whose bus is down", fields: lost, isBusUp: false, waitMs: 0, isIn: true },
])("another home than one that is $why: let in is $isIn", async ({ fields, waitMs, ...more }) => {
  const { homes, heard, clock, ledger } = await scratch();
  if (fields) await ledger.append("town", [setFields(uid, fields)]);
  clock.advance(waitMs);
  heard.isBusUp = more.isBusUp ?? true;
  if (more.heardAgoMs !== undefined) heard.atMs = clock.nowMs() - more.heardAgoMs;
  const asked = () => homes.admit("vm-a", "second");
  if (!more.isIn) return expect(asked).toThrow("another home");
  asked();
  // Of two that would replace it the first one does, before the ledger says so.
  expect(() => homes.admit("vm-a", "third")).toThrow("another home");
  // And it is the former one that is refused now.
  expect(() => homes.admit("vm-a", "first")).toThrow("another home");
});

test("a home that was given up for good is replaced at once", async () => {
  const { homes, heard, ledger } = await scratch();
  heard.atMs = startMs;
  await ledger.append("town", [closed]);
  homes.admit("vm-a", "second");
});

test("who said no identity before, or says none, is let in: versions before had none", async () => {
  const { homes, heard } = await scratch({});
  heard.atMs = startMs;
  homes.admit("vm-a", "first");
  homes.admit("vm-a", "");
  expect(() => homes.admit("vm-a", "second")).toThrow("another home");
});
