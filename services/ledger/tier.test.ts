import { expect, test } from "vitest";
import { MemoryDisk } from "./disk-memory.ts";
import { addComment, closeBead, createBead, moveBead, reopenBead, tombstone } from "./drafts.ts";
import { openLedger } from "./ledger.ts";

async function scratch(nowMs = 1_000) {
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/j", machine: "vm-a", disk, nowMs: () => nowMs });
  await ledger.append("overseer", [
    createBead({ uid: "x", id: "alpha-x", title: "X" }),
    closeBead("x", { close: "1", kind: "done", reason: "" }),
  ]);
  const tier = () => ledger.world.bead("x")?.tier;
  return { ledger, tier };
}

test("an ended bead is where it was moved last, and an open one is active", async () => {
  const { ledger, tier } = await scratch();
  const before = ledger.world.bead("x")?.updatedAt;
  expect(tier()).toBe("active");
  await ledger.append("deacon", [moveBead("x", "recent")]);
  expect(tier()).toBe("recent");
  expect([...ledger.world.all()]).toEqual([]);
  expect([...ledger.world.everywhere()].map(({ id }) => id)).toEqual(["alpha-x"]);
  expect(ledger.world.bead("alpha-x")?.updatedAt).toBe(before);
  await ledger.append("deacon", [moveBead("x", "archive")]);
  expect(tier()).toBe("archive");
  const bead = ledger.world.bead("x");
  await ledger.append("ann", bead ? [reopenBead(bead, "again")] : []);
  expect(tier()).toBe("active");
  await ledger.append("ann", [closeBead("x", { close: "2", kind: "done", reason: "" })]);
  expect(tier()).toBe("active");
});

test("whatever happens to a bead brings it up again", async () => {
  const { ledger, tier } = await scratch();
  await ledger.append("deacon", [moveBead("x", "archive")]);
  await ledger.append("ann", [addComment("x", { author: "ann", text: "Look at this." })]);
  expect(tier()).toBe("active");
});

test("a move counts above what a clock from the future wrote", async () => {
  const far = await scratch(9_000_000);
  const { ledger, tier } = await scratch(1_000);
  ledger.receive(
    far.ledger.history("x").map(({ line }) => line),
    "vm-b",
  );
  await ledger.append("deacon", [moveBead("x", "recent")]);
  expect(tier()).toBe("recent");
});

test("a move counts above one from the future", async () => {
  const { ledger, tier } = await scratch();
  const head = '"v":1,"writer":"town.aaaa","seq":1,"clock":[9000000000000,0],"actor":"deacon"';
  const line = `{${head},"bead":"x","op":"tier","values":{"tier":"recent"},"prev":""}`;
  ledger.receive([line], "bus");
  expect(tier()).toBe("recent");
  await ledger.append("deacon", [moveBead("x", "archive")]);
  expect(tier()).toBe("archive");
});

test("what was squashed into a digest is in the archive", async () => {
  const { ledger, tier } = await scratch();
  await ledger.append("deacon", [tombstone("x", "squashed", "digest")]);
  expect(tier()).toBe("archive");
});
