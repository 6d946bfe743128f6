import { expect, test } from "vitest";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { addLabels, closeBead, createBead, setFields } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { firstDifference, readyInOne } from "./difference.ts";

const nowMs = () => 1_000;
const bead = createBead({ uid: "a", id: "hq-a", title: "a" });

async function open(machine: string): Promise<Ledger> {
  return openLedger({ dir: `/${machine}`, machine, disk: new MemoryDisk(), nowMs });
}

/** Two replicas that hold the same but for what is written last. */
async function differing(...last: Draft[]) {
  const [one, other] = [await open("vm-a"), await open("vm-b")];
  await one.append("ann", [bead]);
  other.receive(
    [...one.log()].map(({ line }) => line),
    "vm-a",
  );
  await one.append("ann", last);
  return firstDifference(one.world, other.world, ["a"]);
}

test("replicas that folded the same events do not differ", async () => {
  expect(await differing()).toBeUndefined();
});

test.for([
  { what: "fields", last: setFields("a", { title: "b" }) },
  { what: "labels", last: addLabels("a", ["x"]) },
  { what: "closes", last: closeBead("a", { close: "c", kind: "done", reason: "" }) },
])("a difference in $what is named", async ({ what, last }) => {
  expect(await differing(last)).toEqual({ bead: "a", what: `the ${what} of a` });
});

test("a bead that one of them lacks is named", async () => {
  const [one, other] = [await open("vm-a"), await open("vm-b")];
  await one.append("ann", [bead]);
  expect(firstDifference(one.world, other.world, ["a"])?.bead).toBe("a");
});

test("a bead that is ready in one of them alone is named", async () => {
  const [one, other] = [await open("vm-a"), await open("vm-b")];
  expect(readyInOne(one.world, other.world, nowMs())).toBeUndefined();
  await one.append("ann", [bead]);
  expect(readyInOne(one.world, other.world, nowMs())).toBe("a");
  expect(readyInOne(other.world, one.world, nowMs())).toBe("a");
});
