import { expect, test } from "vitest";
import { spawnWorker } from "#services/ledger/drafts.ts";
import { advance, advanceByHand } from "./advance.ts";
import { cursorOf } from "./cursor.ts";
import { continueFrom, findMolecule, missingFor, nextStep } from "./progress.ts";
import { ownSteps, scratchWork, workerOf } from "./scratch-work.ts";

test("steps become ready one after the other, and a refusal says what is missing", async () => {
  const { molecule, complete, worker } = await scratchWork();
  expect(
    molecule()
      .steps.map(({ state }) => state)
      .slice(0, 3),
  ).toEqual(["ready", "pending", "pending"]);
  await complete("load-context", "branch-setup");
  expect(nextStep(molecule())?.name).toBe("implement");
  const answer = advance(molecule(), worker, "commit");
  expect(answer).toMatchObject({
    do: "refuse",
    error: {
      reason: "state",
      message: 'commit cannot be completed yet: step implement ("Do the work") is not done',
    },
  });
  expect(advance(molecule(), worker, "implement")).toMatchObject({ do: "complete" });
  expect(advance(molecule(), worker, "alpha-1.mol.branch-setup")).toMatchObject({ do: "nothing" });
  expect(advance(molecule(), worker, "design")).toMatchObject({
    error: { reason: "not_found", message: expect.stringContaining("there are load-context, ") },
  });
});

test("the last steps are closed by their own verbs", async () => {
  const { molecule, complete, worker } = await scratchWork();
  await complete(...ownSteps);
  expect(advanceByHand(molecule(), worker, "submit")).toMatchObject({
    error: { reason: "state", message: "submit is completed by `gt submit`" },
  });
  expect(advance(molecule(), worker, "submit")).toMatchObject({ do: "complete" });
});

test("only the worker under the highest claim, in its newest incarnation, may go on", async () => {
  const { molecule, reclaim, worker, write } = await scratchWork();
  const step = "load-context";
  expect(advance(molecule(), workerOf("slit", "1.1"), step)).toMatchObject({
    error: { reason: "denied" },
  });
  await write(spawnWorker("work", "1.1.1", { session: "s", machine: "vm-a" }));
  expect(advance(molecule(), worker, step)).toMatchObject({
    error: { reason: "stale", message: expect.stringContaining("was started again as 1.1.1") },
  });
  expect(advance(molecule(), { ...worker, epoch: "1.1.1" }, step)).toMatchObject({
    do: "complete",
  });
  const next = await reclaim("1.2");
  expect(advance(molecule(), worker, step)).toMatchObject({
    error: { reason: "stale", message: expect.stringContaining("claimed as 1.2 by") },
  });
  expect(advance(molecule(), next, step)).toMatchObject({ do: "complete" });
  expect(advance(molecule(), workerOf("slit", "1.3"), step)).toMatchObject({
    error: { reason: "state" },
  });
});

test("a claim without a cursor opens each step again; what was done shows as late", async () => {
  const { molecule, complete, reclaim } = await scratchWork();
  await complete("load-context", "branch-setup", "implement");
  await reclaim("1.2");
  const steps = molecule().steps;
  expect(steps.map(({ state, ready }) => `${state} ${ready}`).slice(0, 4)).toEqual([
    "late true",
    "late false",
    "late false",
    "pending false",
  ]);
  expect(steps[2] && missingFor(molecule(), steps[2])).toEqual([
    'step branch-setup ("Check the worktree and its branch") is not done under the present claim',
  ]);
  expect(continueFrom(molecule())).toBe("");
});

test("with a cursor the next worker goes on where pushed work ends", async () => {
  const { molecule, complete, reclaim, worker, ledger } = await scratchWork();
  await complete(...ownSteps, "submit", "exit-decision");
  const cursor = cursorOf(molecule());
  expect(cursor.commit).toBe("commit-of-test");
  expect(Object.values(cursor.steps)).toHaveLength(ownSteps.length);
  await reclaim("2.1", cursor);
  expect(nextStep(molecule())?.name).toBe("submit");
  expect(continueFrom(molecule())).toBe("commit-of-test");
  expect(molecule().epoch).toBe("2.1");
  expect(findMolecule(ledger.world, "alpha-1.mol.test")?.root.id).toBe("alpha-1.mol");
  expect(findMolecule(ledger.world, "alpha-1")?.work?.id).toBe("alpha-1");
  expect(worker.epoch).toBe("1.1.0");
});

test("a cursor holds before the close that it speaks of has arrived here", async () => {
  const { molecule, reclaim } = await scratchWork();
  const [first] = molecule().steps;
  await reclaim("1.2", { steps: { [first?.bead.uid ?? ""]: "abc" }, commit: "abc" });
  expect(molecule().steps[0]).toMatchObject({ state: "done", commit: "abc" });
  expect(nextStep(molecule())?.name).toBe("branch-setup");
});
