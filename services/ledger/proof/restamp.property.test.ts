import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bead } from "../bead.ts";
import { MemoryDisk } from "../disk-memory.ts";
import type { LedgerEvent } from "../event.ts";
import { openLedger } from "../ledger.ts";
import { restamp } from "../restamp.ts";
import { makeHistory, tapeSizes } from "./history.ts";

const tapes = tapeSizes.map(({ weight, ...length }) => {
  return { weight, arbitrary: fc.uint8Array({ ...length, size: "max" }) };
});
const histories = fc.oneof(...tapes).map((bytes) => makeHistory(bytes).map(({ event }) => event));

async function viewsOf(events: readonly LedgerEvent[]): Promise<Bead[]> {
  const options = { dir: "/j", machine: "reader", nowMs: () => 0 };
  const ledger = await openLedger({ ...options, disk: new MemoryDisk() });
  ledger.receive(
    events.map(({ line }) => line),
    "here",
  );
  return [...ledger.world.all()].sort((a, b) => (a.uid < b.uid ? -1 : 1));
}

test("whatever was written by whomever, written again it is the same beads", async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (events) => {
      const once = restamp(events, "vm-a.again001");
      const expected = await viewsOf(events);
      expect(await viewsOf(once)).toEqual(expected);
      expect(await viewsOf(restamp(once, "vm-a.again002"))).toEqual(expected);
    }),
    { numRuns: 500 },
  );
}, 60_000);
