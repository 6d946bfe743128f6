import { expect, test } from "vitest";
import { MemoryDisk } from "./disk-memory.ts";
import {
  addComment,
  addEdges,
  addLabels,
  claimBead,
  closeBead,
  createBead,
  moveBead,
  releaseBead,
  removeLabels,
  reopenBead,
  setFields,
  spawnWorker,
  tombstone,
} from "./drafts.ts";
import type { Draft } from "./event.ts";
import { openLedger } from "./ledger.ts";
import { narrate } from "./narrate.ts";

async function scratch() {
  let nowMs = 1_000;
  const options = { dir: "/j", machine: "town", disk: new MemoryDisk(), nowMs: () => nowMs };
  const ledger = await openLedger(options);
  const write = (...drafts: Draft[]) => {
    nowMs += 1_000;
    return ledger.append("ann", drafts);
  };
  const tell = (uid: string) => narrate(uid, ledger.history(uid), ledger.world);
  const changes = (uid: string) => tell(uid).map((told) => told.changes);
  const late = (uid: string) => tell(uid).flatMap(({ event, late: is }) => (is ? event.op : []));
  return { ledger, write, tell, changes, late };
}

const worker = { machine: "vm-a", polecat: "rigs/alpha/polecats/nux" };
const task = (uid: string, fields = {}) =>
  createBead({ uid, id: `alpha-${uid}`, title: `Bead ${uid}`, fields });

test("a move names the tiers, and so does what brings a bead up again", async () => {
  const { write, changes } = await scratch();
  await write(task("a"));
  await write(closeBead("a", { close: "1", kind: "done", reason: "" }));
  await write(moveBead("a", "archive"));
  await write(addLabels("a", ["ui"]));
  const [, , moved, labelled] = changes("a");
  expect(moved).toEqual([{ field: "tier", before: "active", after: "archive" }]);
  expect(labelled).toContainEqual({ field: "tier", before: "archive", after: "active" });
});

test("what each event changed, from what to what", async () => {
  const { write, ledger, changes } = await scratch();
  await write(task("b"), task("a", { notes: "n" }));
  await write(setFields("a", { title: "New", notes: null, priority: 0 }));
  await write(addLabels("a", ["ui"]), addEdges("a", [{ to: "b", type: "blocks" }]));
  await write(...removeLabels(ledger.world, "a", ["ui"]));
  await write(addComment("a", { author: "ann", text: "hm", id: "c1" }));
  const change = (field: string, before: unknown, after: unknown) => ({ field, before, after });
  expect(changes("a")).toEqual([
    [
      change("id", undefined, "alpha-a"),
      change("title", undefined, "Bead a"),
      change("status", undefined, "open"),
      change("issue_type", undefined, "task"),
      change("priority", undefined, 2),
      change("notes", undefined, "n"),
    ],
    [change("title", "Bead a", "New"), change("priority", 2, 0), change("notes", "n", undefined)],
    [change("label:ui", undefined, true)],
    [change("blocks alpha-b", undefined, true)],
    [change("label:ui", true, undefined)],
    [change("comment:c1", undefined, "hm")],
  ]);
});

test("a life: claimed, started, closed, opened again, deleted", async () => {
  const { write, ledger, changes } = await scratch();
  await write(task("a"));
  await write(
    claimBead("a", "1.1", worker),
    spawnWorker("a", "1.1.0", { session: "s", ...worker }),
  );
  await write(closeBead("a", { close: "m", kind: "merged", reason: "landed", commit: "abc" }));
  const bead = ledger.world.bead("a");
  if (bead) await write(reopenBead(bead, "no"));
  await write(tombstone("a", "gone"));
  const statuses = changes("a").map((all) => {
    const { before, after } = all.find(({ field }) => field === "status") ?? {};
    return after === undefined ? "" : `${before ?? ""}→${after}`;
  });
  expect(statuses).toEqual([
    "→open",
    "open→in_progress",
    "",
    "in_progress→closed",
    "closed→in_progress",
    "in_progress→tombstone",
  ]);
  expect(changes("a")[2]).toMatchObject([{ field: "gt.claim", after: { respawn: 0 } }]);
});

test("what came after a higher claim is late; what came before it was in time", async () => {
  const { write, late } = await scratch();
  const exit = (epoch: string) => setFields("a", { "gt.exit": epoch }, epoch);
  await write(task("a"), claimBead("a", "1.1", worker));
  await write(exit("1.1.0"));
  await write(claimBead("a", "2.2", worker));
  await write(exit("1.1.0"), releaseBead("a", "1.1", "lost"));
  await write(closeBead("a", { close: "d", kind: "done", reason: "", epoch: "1.1.0" }));
  await write(closeBead("a", { close: "m", kind: "merged", reason: "", epoch: "1.1.0" }));
  expect(late("a")).toEqual(["set", "release", "close"]);
});

test("a step that an old attempt closed counts if the new claim's cursor names it", async () => {
  const { write, tell, late } = await scratch();
  const close = (uid: string, epoch: string) =>
    closeBead(uid, { close: `step:${epoch}`, kind: "done", reason: "", epoch });
  await write(task("w"), task("s1", { "gt.work": "w" }), task("s2", { "gt.work": "w" }));
  await write(claimBead("w", "1.1", worker), close("s1", "1.1.0"), close("s2", "1.1.0"));
  const cursor = { steps: { s1: "abc" }, commit: "abc" };
  await write(claimBead("w", "2.2", { ...worker, cursor }));
  expect(late("s1")).toEqual([]);
  expect(late("s2")).toEqual(["close"]);
  // Seen from when it was written it did close the step.
  expect(tell("s2")[1]?.changes).toMatchObject([{ field: "status", after: "closed" }, {}]);
});
