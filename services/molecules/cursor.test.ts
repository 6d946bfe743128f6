import { expect, test } from "vitest";
import { setFields } from "#services/ledger/drafts.ts";
import { savedField } from "#services/ledger/work-fields.ts";
import { completeDraft } from "./advance.ts";
import { cursorOf } from "./cursor.ts";
import { findStep, nextStep } from "./progress.ts";
import { type ScratchWork, scratchWork } from "./scratch-work.ts";

/** Close a step that had nothing to push. */
async function completeBare({ molecule, worker, ledger }: ScratchWork, name: string) {
  const step = findStep(molecule(), name);
  if (!step) throw new Error(`no step ${name}`);
  const done = { summary: name, commit: "" };
  await ledger.append(worker.agent, [completeDraft(step, worker, done)]);
}

const saved = (epoch: string, commit: string) => {
  return setFields("work", { [savedField.name]: { epoch, commit, at: "2026-01-01T00:00:00Z" } });
};

test("what a lost worker did after its last pushed commit is to be done again", async () => {
  const scratch = await scratchWork();
  await scratch.complete("load-context");
  await completeBare(scratch, "branch-setup");
  const cursor = cursorOf(scratch.molecule());
  expect(cursor).toMatchObject({ commit: "commit-of-load-context" });
  expect(Object.keys(cursor.steps)).toHaveLength(1);
});

test("a worker that was ended in good order has nothing to be done again", async () => {
  const scratch = await scratchWork();
  const { molecule, reclaim, write } = scratch;
  await scratch.complete("load-context");
  await completeBare(scratch, "branch-setup");
  await write(saved("1.1", "all-of-it"));
  const cursor = cursorOf(molecule());
  expect(cursor.commit).toBe("all-of-it");
  expect(Object.values(cursor.steps)).toEqual(["commit-of-load-context", "all-of-it"]);
  await reclaim("1.2", cursor);
  expect(nextStep(molecule())?.name).toBe("implement");
});

test("one that was lost before it did anything passes on what it began with", async () => {
  const scratch = await scratchWork();
  const { molecule, reclaim, write } = scratch;
  await scratch.complete("load-context");
  await write(saved("1.1", "all-of-it"));
  const first = cursorOf(molecule());
  await reclaim("1.2", first);
  expect(cursorOf(molecule())).toEqual(first);
  const next = await reclaim("1.3", cursorOf(molecule()));
  const step = findStep(molecule(), "branch-setup");
  if (!step) throw new Error("the step is there");
  await write(completeDraft(step, next, { summary: "x", commit: "newer" }));
  expect(cursorOf(molecule())).toMatchObject({ commit: "newer" });
});
