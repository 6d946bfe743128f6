import { expect, test } from "vitest";
import { MemoryDisk } from "./disk-memory.ts";
import { closeBead, createBead, tombstone } from "./drafts.ts";
import type { Draft } from "./event.ts";
import { openLedger } from "./ledger.ts";
import { decay } from "./wisp-decay.ts";

const hourMs = 3_600_000;
const ages = { maxAgeMs: 24 * hourMs, abandonedMaxAgeMs: 7 * 24 * hourMs };
const changedMs = Date.parse("2026-03-01T00:00:00Z");

const bead = (uid: string, edges: { to: string; type: string }[] = []) =>
  createBead({ uid, id: `hq-wisp-${uid}`, title: uid, edges });
const below = (uid: string, root: string) => bead(uid, [{ to: root, type: "parent-child" }]);
const close = (uid: string) => closeBead(uid, { close: "x", kind: "done", reason: "" });

/** What goes after so many hours. */
async function gone(drafts: Draft[], hours: number, abandoned = false): Promise<string[]> {
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/j", machine: "vm-a", disk, nowMs: () => changedMs });
  await ledger.append("vm-a", drafts);
  const isAbandoned = () => abandoned;
  return [...decay(ledger.world, changedMs + hours * hourMs, ages, isAbandoned).gone].sort();
}

const molecule = [bead("root"), below("one", "root"), below("two", "one")];
const closed = [...molecule, close("root"), close("one"), close("two")];

test.for<[string, Draft[], number, string[]]>([
  ["one that is over goes with all below it", closed, 25, ["one", "root", "two"]],
  ["not before its age", closed, 24, []],
  ["a closed root with an open step stays", [...closed.slice(0, 5)], 25, []],
  ["a step that is over stays with its root", [...molecule, close("two")], 25, []],
  [
    "a burned root takes all with it",
    [...molecule, tombstone("root", "")],
    25,
    [...["one", "root", "two"]],
  ],
  ["a single bead goes by itself", [bead("a"), close("a"), bead("b")], 25, ["a"]],
  ["an open one whose owner is there stays", [bead("a")], 999, []],
  [
    "what one that stays waits for stays, and what that waits for",
    [
      bead("old"),
      bead("mid", [{ to: "old", type: "related" }]),
      bead("new", [{ to: "hq-wisp-mid", type: "blocks" }]),
      ...["old", "mid"].map(close),
    ],
    25,
    [],
  ],
  [
    "a circle of parents goes as one",
    [bead("a", [{ to: "b", type: "parent-child" }]), below("b", "a"), close("a"), close("b")],
    25,
    ["a", "b"],
  ],
])("%s", async ([, drafts, hours, expected]) => {
  expect(await gone(drafts, hours)).toEqual(expected);
});

test("an open one goes when its owner is gone, after a longer age", async () => {
  expect(await gone(molecule, 7 * 24, true)).toEqual([]);
  expect(await gone(molecule, 7 * 24 + 1, true)).toEqual(["one", "root", "two"]);
  expect(await gone(molecule, 7 * 24 + 1, false)).toEqual([]);
});

test("a clock that was set back makes nothing old", async () => {
  expect(await gone(closed, -1)).toEqual([]);
});
