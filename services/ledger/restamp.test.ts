import { expect, test } from "vitest";
import type { Bead } from "./bead.ts";
import { MemoryDisk } from "./disk-memory.ts";
import {
  addComment,
  addEdges,
  addLabels,
  closeBead,
  createBead,
  removeComments,
  removeEdges,
  removeLabels,
  reopenBead,
  setFields,
} from "./drafts.ts";
import type { LedgerEvent } from "./event.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import { restamp } from "./restamp.ts";

const open = (nowMs = 1_000, life = "life0001", disk = new MemoryDisk()): Promise<Ledger> =>
  openLedger({ dir: "/j", machine: "vm-a", disk, nowMs: () => nowMs, random: () => life });

/** What was written again, as another ledger reads it. */
async function readAgain(events: readonly LedgerEvent[]): Promise<Ledger> {
  const ledger = await open(9_000, "reader01");
  ledger.receive(
    events.map(({ line }) => line),
    "here",
  );
  return ledger;
}

const historyOf = (ledger: Ledger) => [...ledger.world.all()].flatMap((b) => ledger.history(b.uid));
const viewsOf = (ledger: Ledger): Bead[] => [...ledger.world.all()];

async function busyLedger(): Promise<Ledger> {
  const ledger = await open();
  const { world } = ledger;
  const comments = [{ author: "ann", text: "born with it" }];
  await ledger.append("ann", [
    createBead({ uid: "a", id: "hq-wisp-a", title: "a", labels: ["x", "y"], comments }),
    createBead({ uid: "b", id: "hq-wisp-b", title: "b", edges: [{ to: "a", type: "blocks" }] }),
    addComment("a", { author: "ann", text: "taken back" }),
    addComment("a", { author: "ben", text: "stays" }),
  ]);
  await ledger.append("ben", [
    ...removeLabels(world, "a", ["x"]),
    ...removeEdges(world, "b", "a"),
    removeComments("a", [world.bead("a")?.comments[1]?.id ?? ""]),
    closeBead("a", { close: "one", kind: "done", reason: "did it" }),
  ]);
  const a = world.bead("a");
  await ledger.append("cy", [
    ...(a ? [reopenBead(a, "no")] : []),
    closeBead("b", { close: "two", kind: "failed", reason: "failed" }),
    addEdges("b", [{ to: "a", type: "related" }]),
    addLabels("b", ["z"]),
  ]);
  return ledger;
}

test("the same beads, remarks, authors and times come of it, in one unbroken chain", async () => {
  const ledger = await busyLedger();
  const written = restamp(historyOf(ledger), "vm-a.again001");
  expect(written.map(({ seq }) => seq)).toEqual(written.map((_, index) => index + 1));
  const again = await readAgain(written);
  expect(again.alarms()).toEqual([]);
  expect(viewsOf(again)).toEqual(viewsOf(ledger));
  expect(viewsOf(again).map(({ labels, comments }) => [labels, comments.length])).toEqual([
    [["y"], 2],
    [["z"], 0],
  ]);
});

test("what was taken out leaves no gap, and removals still name what they saw", async () => {
  const ledger = await busyLedger();
  const again = await readAgain(restamp(ledger.history("a"), "vm-a.again001"));
  expect(again.alarms()).toEqual([]);
  expect(viewsOf(again)).toEqual(viewsOf(ledger).slice(0, 1));
});

test("written again and again it stays the same", async () => {
  const ledger = await busyLedger();
  const once = restamp(historyOf(ledger), "vm-a.again001");
  const again = await readAgain(restamp(once, "vm-a.again002"));
  expect(viewsOf(again)).toEqual(viewsOf(ledger));
});

test("of two writers' equal stamps the later one wins as it did", async () => {
  const disk = new MemoryDisk();
  const one = await open(1_000, "zzzz0001", disk);
  await one.append("ann", [createBead({ uid: "a", id: "hq-wisp-a", title: "a" })]);
  await one.append("ann", [addLabels("a", ["x"])]);
  await one.close();
  // Its clock reads the same, and it closes with the same stamp as the other labelled.
  const two = await open(1_000, "aaaa0001", disk);
  await two.append("ben", [
    addLabels("b", ["unknown bead"]),
    closeBead("a", { close: "one", kind: "done", reason: "" }),
    setFields("a", { title: "ben's" }),
  ]);
  const again = await readAgain(restamp(two.history("a"), "vm-a.again001"));
  expect(again.world.bead("a")).toEqual(two.world.bead("a"));
  const clocks = restamp(two.history("a"), "vm-a.again001").map(({ clock }) => clock.join("."));
  expect(new Set(clocks).size).toBe(clocks.length);
});

test("operations and keys of a later version are kept", async () => {
  const ledger = await busyLedger();
  const [first, second] = ledger.history("a");
  if (!first || !second) throw new Error("it has events");
  const later = { ...second, op: "polish", values: { with: "wax" }, mood: "bright" };
  const [, kept] = restamp([first, later], "vm-a.again001");
  expect(kept).toMatchObject({ op: "polish", values: { with: "wax" }, mood: "bright" });
});
