import fc from "fast-check";
import { expect, test } from "vitest";
import { MemoryDisk } from "./disk-memory.ts";
import type { Draft, LedgerEvent } from "./event.ts";
import { openLedger } from "./ledger.ts";
import { Beads } from "./world.ts";

const beads = ["a", "b", "c"];
const bead = fc.constantFrom(...beads);
const epoch = fc.constantFrom("1.1", "1.2", "2.2", "2.3");

const draft: fc.Arbitrary<Draft> = fc.oneof(
  bead.map((uid): Draft => {
    return { bead: uid, op: "create", values: { id: "alpha-x", fields: { title: uid } } };
  }),
  fc.tuple(bead, fc.constantFrom("title", "status"), fc.string({ maxLength: 3 })).map(
    ([uid, field, value]): Draft => ({
      bead: uid,
      op: "set",
      values: { fields: { [field]: value } },
    }),
  ),
  fc
    .tuple(bead, fc.constantFrom("x", "y"))
    .map(([uid, label]): Draft => ({ bead: uid, op: "label", values: { add: [label] } })),
  fc
    .tuple(bead, bead)
    .map(
      ([uid, to]): Draft => ({ bead: uid, op: "link", values: { add: [{ to, type: "blocks" }] } }),
    ),
  fc.tuple(bead, epoch).map(
    ([uid, of]): Draft => ({
      bead: uid,
      op: "claim",
      epoch: of,
      values: { machine: "vm-a", polecat: "nux" },
    }),
  ),
  fc.tuple(bead, epoch).map(
    ([uid, of]): Draft => ({
      bead: uid,
      op: "close",
      epoch: of,
      values: { close: `step:${of}`, kind: "done", reason: "" },
    }),
  ),
  fc.tuple(bead, epoch).map(
    ([uid, of]): Draft => ({
      bead: uid,
      op: "reopen",
      values: { closes: [`step:${of}`], reason: "" },
    }),
  ),
);

const history = fc.array(fc.array(draft, { minLength: 1, maxLength: 8 }), {
  minLength: 1,
  maxLength: 4,
});

/** Each writer writes its drafts, unaware of the others, at its own pace. */
async function write(writers: readonly (readonly Draft[])[]): Promise<LedgerEvent[]> {
  const written: LedgerEvent[] = [];
  for (const [index, drafts] of writers.entries()) {
    const ledger = await openLedger({
      dir: "/j",
      machine: `m${index}`,
      disk: new MemoryDisk(),
      nowMs: () => 1_000 + index,
      random: () => "aaaa0000",
    });
    written.push(...(await ledger.append("overseer", drafts)));
  }
  return written;
}

function fold(events: readonly LedgerEvent[]): string {
  const world = new Beads();
  for (const event of events) world.fold(event);
  return JSON.stringify(beads.map((uid) => world.bead(uid)));
}

test("any order and any repetition of events gives the same state", async () => {
  await fc.assert(
    fc.asyncProperty(history, fc.infiniteStream(fc.nat()), async (writers, random) => {
      const events = await write(writers);
      const order = [...events, ...events.slice(0, 3)];
      for (let index = order.length - 1; index > 0; index -= 1) {
        const other = random.next().value % (index + 1);
        [order[index], order[other]] = [order[other], order[index]] as [LedgerEvent, LedgerEvent];
      }
      expect(fold(order)).toBe(fold(events));
    }),
    { numRuns: 2_000 },
  );
});
