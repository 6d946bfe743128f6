import { expect, test } from "vitest";
import { MemoryDisk } from "./disk-memory.ts";
import {
  addEdges,
  addLabels,
  closeBead,
  createBead,
  removeEdges,
  removeLabels,
  reopenBead,
} from "./drafts.ts";
import type { Draft } from "./event.ts";
import { openLedger } from "./ledger.ts";

async function scratch() {
  const options = { dir: "/j", machine: "town", disk: new MemoryDisk(), nowMs: () => 1 };
  const ledger = await openLedger(options);
  const write = (...drafts: readonly Draft[]) => ledger.append("ann", drafts);
  await write(
    createBead({ uid: "a", id: "hq-a", title: "a" }),
    createBead({ uid: "b", id: "hq-b", title: "b", labels: ["x"] }),
  );
  const bead = (uid: string) => {
    const found = ledger.world.bead(uid);
    if (!found) throw new Error(`no ${uid}`);
    return found;
  };
  return { world: ledger.world, write, bead };
}

test("a removed label goes, and one that was added meanwhile stays", async () => {
  const { world, write, bead } = await scratch();
  const removal = removeLabels(world, "b", ["x", "y"]);
  await write(addLabels("b", ["x"]));
  await write(...removal);
  expect(bead("b").labels).toEqual(["x"]);
  await write(...removeLabels(world, "b", ["x"]));
  expect(bead("b").labels).toEqual([]);
  expect(removeLabels(world, "b", ["x"])).toEqual([]);
});

test("edges are removed by uid or id, of one type or of every", async () => {
  const { world, write, bead } = await scratch();
  const edges = [
    { to: "a", type: "blocks" },
    { to: "hq-a", type: "related" },
    { to: "gh-1", type: "tracks" },
  ];
  await write(addEdges("b", edges));
  await write(...removeEdges(world, "b", "hq-a", "blocks"));
  expect(bead("b").dependencies.map(({ type }) => type)).toEqual(["tracks", "related"]);
  await write(...removeEdges(world, "b", "a"), ...removeEdges(world, "b", "gh-1"));
  expect(bead("b").dependencies).toEqual([]);
});

test("a reopen undoes every close it has seen, and none besides", async () => {
  const { write, bead } = await scratch();
  const closing = { kind: "done", reason: "done" };
  await write(
    closeBead("a", { ...closing, close: "1" }),
    closeBead("a", { ...closing, close: "2" }),
  );
  const reopen = reopenBead(bead("a"), "not yet");
  await write(closeBead("a", { ...closing, close: "3" }), reopen);
  expect(bead("a").status).toBe("closed");
  await write(reopenBead(bead("a"), "not yet"));
  expect(bead("a").status).toBe("open");
});
