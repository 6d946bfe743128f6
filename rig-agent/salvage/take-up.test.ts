import { expect, test } from "vitest";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { claimBead, createBead, releaseBead, setFields } from "#services/ledger/drafts.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { rigNamed } from "#services/ledger/rigs.ts";
import { resumeField } from "#services/ledger/salvage.ts";
import { claimsToMake } from "../authority/claims.ts";

test("the next claim names the commit that somebody restored", async () => {
  const options = { dir: "/journal", machine: "vm-a", disk: new MemoryDisk(), nowMs: () => 1 };
  const ledger = await openLedger(options);
  const { world } = ledger;
  const rig = { name: "alpha", prefix: "alpha", remote: "/alpha", target: "main" };
  await ledger.append("town", [
    createBead({
      ...{ uid: "rig", id: "hq-rig-alpha", title: "alpha", issueType: "rig" },
      fields: { "gt.rig": rig },
    }),
    createBead({ uid: "a", id: "alpha-a", title: "a" }),
    claimBead("a", "1.1", { machine: "vm-a", polecat: "rigs/alpha/polecats/nux" }),
    releaseBead("a", "1.1", "lost"),
    setFields("a", {
      [resumeField.name]: { epoch: "1.1", commit: "saved", claim: "1.1", by: "ann" },
    }),
  ]);
  const [bead, enrolled] = [world.bead("a"), rigNamed(world, "alpha")];
  if (!bead || !enrolled) throw new Error("not there");
  const cursors = new Map([["a", { steps: { s: "older" }, commit: "older" }]]);
  const drafts = claimsToMake(world, enrolled, 2, [{ bead, machine: "vm-b" }], cursors);
  expect(drafts).toMatchObject([
    { op: "claim", epoch: "2.2", values: { cursor: { steps: { s: "older" }, commit: "saved" } } },
  ]);
  await ledger.append("town", drafts);
  expect(world.bead("a")?.claim?.continueFrom).toBe("saved");
});
