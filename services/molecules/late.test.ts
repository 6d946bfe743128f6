import { expect, test } from "vitest";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { claimBead, releaseBead, setFields } from "#services/ledger/drafts.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { isSlung, judgeReadiness } from "#services/ledger/readiness.ts";
import { type ExitKind, exitField } from "#services/ledger/work-fields.ts";
import { readRequest } from "#services/merge-queue/queue.ts";
import { completeDraft } from "./advance.ts";
import { cursorOf } from "./cursor.ts";
import { leave, mergeRequestUid } from "./leave.ts";
import { findStep, type MoleculeView, moleculeOf } from "./progress.ts";
import { type ScratchWork, scratchWork, workerOf } from "./scratch-work.ts";
import { submitDrafts } from "./submit.ts";

const inTime = ["load-context", "branch-setup"];
const late = ["implement", "commit", "self-review", "test"];

/** A machine that has not heard yet that its claim is over, and a town where another holds it. */
async function apart() {
  const here = await scratchWork({ "gt.sling": { by: "ann" } });
  await here.complete(...inTime);
  let nowMs = Date.parse("2026-01-02T00:00:00Z");
  const clock = () => {
    nowMs += 1_000;
    return nowMs;
  };
  const disk = new MemoryDisk();
  const town = await openLedger({ dir: "/journal", machine: "town", disk, nowMs: clock });
  const hear = () =>
    town.receive(
      [...here.ledger.log()].map(({ line }) => line),
      "vm-a",
    );
  hear();
  const molecule = () => moleculeOf(town.world, "work") as MoleculeView;
  const next = workerOf("slit", "1.2");
  const { agent: polecat } = next;
  const cursor = cursorOf(molecule());
  await town.append("rigs/alpha/authority", [
    releaseBead("work", "1.1", "vm-a is lost"),
    claimBead("work", "1.2", { machine: "vm-b", polecat, cursor }),
  ]);
  const work = () => town.world.bead("work") ?? expect.fail("the bead is there");
  return { here, town, hear, molecule, work, next };
}

/** Leave on the machine that has not heard of the other claim. */
async function leaveLate({ ledger, work, worker }: ScratchWork, kind: ExitKind) {
  const answer = leave(ledger.world, work(), worker, {
    ...{ kind, summary: "words", blocker: "a new parser", parts: ["one", "two"] },
    newUid: (index) => `new-${index}`,
  });
  if (answer.do !== "leave") return expect.fail(`${answer.do}`);
  await ledger.append(worker.agent, answer.drafts);
}

test("what a worker completes and submits after its claim is over is withdrawn", async () => {
  const { here, town, hear, molecule, work } = await apart();
  await here.complete(...late);
  const drafts = submitDrafts(here.ledger.world, here.work(), here.worker, {
    ...{ commit: "late", target: "main" },
  });
  await here.ledger.append(here.worker.agent, drafts);
  await leaveLate(here, "COMPLETED");
  hear();
  const states = Object.fromEntries(molecule().steps.map(({ name, state }) => [name, state]));
  expect(states).toMatchObject({ "load-context": "done", "branch-setup": "done" });
  expect(late.map((name) => states[name])).toEqual(late.map(() => "late"));
  expect(states).toMatchObject({ submit: "late", "exit-decision": "late" });
  expect(work()).toMatchObject({ status: "in_progress", claim: { epoch: "1.2", released: false } });
  const request = town.world.bead(mergeRequestUid("work", "1.1")) ?? expect.fail("it is kept");
  expect(readRequest(request, town.world)?.stale).toContain("claimed again under 1.2");
});

test("what it does again counts, whatever its predecessor says afterwards", async () => {
  const { here, town, hear, molecule, next } = await apart();
  const step = findStep(molecule(), "implement") ?? expect.fail("it is there");
  const done = { summary: "mine", commit: "mine" };
  await town.append(next.agent, [completeDraft(step, next, done)]);
  const exit = { kind: "COMPLETED", epoch: "1.2.0", summary: "mine" };
  await town.append(next.agent, [setFields("work", { [exitField.name]: exit }, "1.2.0")]);
  await here.complete(...late);
  await leaveLate(here, "ESCALATE");
  hear();
  expect(findStep(molecule(), "implement")).toMatchObject({ state: "done", commit: "mine" });
  expect(exitField.read(town.world.bead("work") ?? expect.fail())).toEqual(exit);
});

test.for(["ESCALATE", "REFACTOR", "BLOCKED"] as const)(
  "a late %s holds nothing up",
  async (kind) => {
    const { here, town, hear, work } = await apart();
    await leaveLate(here, kind);
    hear();
    expect(work().status).toBe("in_progress");
    await town.append("rigs/alpha/authority", [releaseBead("work", "1.2", "lost too")]);
    expect(work().status).toBe("open");
    expect(judgeReadiness(town.world, Date.now())(work()).blocked).toEqual([]);
    const parts = town.world.children("work").filter((bead) => bead.issueType === "task");
    const filed = parts.filter((bead) => bead.fields["gt.split"] !== undefined);
    expect(filed).toHaveLength(kind === "REFACTOR" ? 2 : 0);
    expect(filed.map((bead) => isSlung(bead, town.world))).toEqual(filed.map(() => false));
  },
);

test.for(["REFACTOR", "BLOCKED"] as const)("a %s in time does what it says", async (kind) => {
  const here = await scratchWork({ "gt.sling": { by: "ann" } });
  await leaveLate(here, kind);
  const { world } = here.ledger;
  const blocked = judgeReadiness(world, Date.now())(here.work()).blocked.join();
  expect(blocked).toContain(kind === "BLOCKED" ? "waits for" : "it is deferred");
  const filed = world.children("work").filter((bead) => bead.fields["gt.split"] !== undefined);
  expect(filed.map((bead) => isSlung(bead, world))).toEqual(filed.map(() => true));
});
