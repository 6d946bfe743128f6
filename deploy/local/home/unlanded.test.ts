import { expect, test } from "vitest";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { claimBead, closeBead, createBead, releaseBead } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { unlanded } from "./unlanded.ts";

async function worldOf(drafts: readonly Draft[]) {
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/l", machine: "vm-a", disk, nowMs: () => 1 });
  await ledger.append("overseer", drafts);
  return ledger.world;
}

const bead = (id: string, issueType = "task") =>
  createBead({ uid: `u-${id}`, id, title: id, issueType });
const claim = (id: string, machine: string) =>
  claimBead(`u-${id}`, "1.1", { machine, polecat: "rigs/a/polecats/nux" });

test("with its town all open work would go with a home; else what its machines hold", async () => {
  const world = await worldOf([
    ...["a-open", "a-held", "a-other", "a-given-back", "a-done"].map((id) => bead(id)),
    bead("hq-mail", "message"),
    claim("a-held", "vm-a"),
    claim("a-other", "vm-b"),
    claim("a-given-back", "vm-a"),
    releaseBead("u-a-given-back", "1.1", "lost"),
    closeBead("u-a-done", { close: "c", kind: "done", reason: "" }),
  ]);
  const ids = (hasTown: boolean) => unlanded(world, hasTown, ["vm-a"]).map(({ id }) => id);
  expect(ids(true)).toEqual(["a-open", "a-held", "a-other", "a-given-back"]);
  expect(ids(false)).toEqual(["a-held"]);
});
