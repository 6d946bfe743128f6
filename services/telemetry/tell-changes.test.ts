import { expect, test } from "vitest";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { claimBead, createBead, setFields } from "#services/ledger/drafts.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { newsOf } from "./tell-changes.ts";

test("a claim, an exit and a letter are worth a line; a step's detail is not", async () => {
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/j", machine: "vm-a", disk, nowMs: () => 1 });
  const told: unknown[] = [];
  ledger.onChange((change) => told.push(newsOf(change)));
  const exit = { kind: "COMPLETED", epoch: "1.1.0", summary: "done" };
  await ledger.append("nux", [
    createBead({ uid: "a", id: "alpha-a", title: "A" }),
    claimBead("a", "1.1", { machine: "vm-a", polecat: "nux" }),
    setFields("a", { description: "more" }),
    setFields("a", { "gt.exit": exit }),
    createBead({ uid: "m", id: "hq-m", title: "SHUTDOWN", issueType: "message", assignee: "w" }),
  ]);
  const of = { actor: "nux", bead: "alpha-a" };
  expect(told).toEqual([
    undefined,
    { what: "claimed", facts: { ...of, epoch: "1.1", machine: "vm-a", polecat: "nux" } },
    undefined,
    { what: "exit", facts: { ...of, exit: "COMPLETED", summary: "done" } },
    { what: "mail", facts: { actor: "nux", bead: "hq-m", to: "w", subject: "SHUTDOWN" } },
  ]);
});
