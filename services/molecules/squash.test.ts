import { expect, test } from "vitest";
import { closeBead } from "#services/ledger/drafts.ts";
import { digestField } from "#services/ledger/work-fields.ts";
import { leave } from "./leave.ts";
import { ownSteps, scratchWork } from "./scratch-work.ts";
import { squash } from "./squash.ts";
import { submitDrafts } from "./submit.ts";

test("a molecule is condensed to one permanent digest, and its trace goes", async () => {
  const { ledger, molecule, complete, work, worker, write } = await scratchWork();
  await complete(...ownSteps);
  const { world } = ledger;
  await write(...submitDrafts(world, work(), worker, { commit: "c1", target: "main" }));
  const exit = { kind: "COMPLETED", summary: "greets", blocker: "", parts: [] } as const;
  const left = leave(world, work(), worker, { ...exit, newUid: () => "new" });
  if (left.do !== "leave") throw new Error("it may leave");
  await write(...left.drafts);
  const landed = { close: "merged:x", kind: "merged", reason: "landed", commit: "c2" };
  await write(closeBead("work", landed));
  const view = molecule();
  await write(...squash(world, view, "2026-01-01T01:00:00.000Z"));
  const bead = world.bead("alpha-1.digest");
  expect(bead).toMatchObject({ status: "closed", issueType: "event", labels: ["digest"] });
  expect(bead?.fields["description"]).toBe("greets");
  expect(bead && digestField.read(bead)).toMatchObject({
    bead: "alpha-1",
    worker: worker.agent,
    machine: "vm-a",
    epoch: "1.1",
    exit: "COMPLETED",
    commit: "c2",
    endedAt: "2026-01-01T01:00:00.000Z",
  });
  const digest = bead && digestField.read(bead);
  expect(digest?.steps.map(({ name }) => name)).toEqual([
    ...ownSteps,
    ...["submit", "exit-decision"],
  ]);
  expect(digest?.elapsedMs).toBeGreaterThan(0);
  expect(world.bead(view.root.uid)?.deleted).toBe(true);
  expect(world.bead("alpha-1.mol.test")?.status).toBe("tombstone");
  expect(squash(world, view, "2026-01-01T01:00:00.000Z").every(({ op }) => op === "delete")).toBe(
    true,
  );
});
