import { expect, test } from "vitest";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { addEdges, closeBead, createBead, reopenBead } from "#services/ledger/drafts.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { closingsOfEpics, epicsToClose } from "./epics.ts";

const everyone = () => true;

async function open(): Promise<Ledger> {
  const disk = new MemoryDisk();
  return openLedger({ dir: "/journal", machine: "town", disk, nowMs: () => 1_000 });
}

function bead(uid: string, parent?: string, issueType = "task") {
  const edges = parent === undefined ? [] : [{ to: parent, type: "parent-child" }];
  return createBead({ uid, id: `hq-${uid}`, title: uid, issueType, edges });
}

const done = (uid: string) =>
  closeBead(uid, { close: `done:${uid}`, kind: "done", reason: "done" });

test("an epic closes with its last child, and the epic above it in the same pass", async () => {
  const { world, append } = await open();
  await append("overseer", [
    bead("top", undefined, "epic"),
    bead("inner", "top", "epic"),
    bead("a", "inner"),
    bead("b", "inner"),
    bead("ongoing", "inner"),
    bead("empty", undefined, "epic"),
  ]);
  await append("overseer", [
    { bead: "ongoing", op: "set", values: { fields: { status: "pinned" } } },
    done("a"),
  ]);
  expect(epicsToClose(world, everyone)).toEqual([]);
  await append("overseer", [done("b")]);
  expect(epicsToClose(world, everyone).map(({ uid }) => uid)).toEqual(["inner", "top"]);
  expect(epicsToClose(world, ({ uid }) => uid === "top")).toEqual([]);
  await append("deacon", closingsOfEpics(world, everyone));
  expect(world.bead("top")).toMatchObject({ closeKind: "done", closes: ["children"] });
  expect(world.bead("top")?.closeReason).toBe("its one child is closed");
  expect(closingsOfEpics(world, everyone)).toEqual([]);
});

test("an epic that was reopened for one more child closes again", async () => {
  const { world, append } = await open();
  await append("overseer", [bead("top", undefined, "epic"), bead("a", "top"), done("a")]);
  await append("deacon", closingsOfEpics(world, everyone));
  const top = world.bead("top");
  if (top) await append("overseer", [reopenBead(top, "one more"), bead("b", "top")]);
  expect(closingsOfEpics(world, everyone)).toEqual([]);
  await append("overseer", [done("b")]);
  await append("deacon", closingsOfEpics(world, everyone));
  expect(world.bead("top")).toMatchObject({ status: "closed", closes: ["children", "children:1"] });
});

test("machinery below an epic does not keep it open", async () => {
  const { world, append } = await open();
  await append("overseer", [
    bead("top", undefined, "epic"),
    bead("a", "top"),
    bead("mail", "top", "message"),
    done("a"),
  ]);
  await append("overseer", [addEdges("a", [{ to: "mail", type: "relates-to" }])]);
  expect(epicsToClose(world, everyone).map(({ uid }) => uid)).toEqual(["top"]);
});
