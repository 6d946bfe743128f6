import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  ExitKind,
  ExitRequestSchema,
  RequestShutdownRequestSchema,
} from "#proto/gastown/v1/agent_service_pb.ts";
import { addEdges, createBead } from "#services/ledger/drafts.ts";
import { exitField } from "#services/ledger/work-fields.ts";
import { inbox } from "#services/mail/mail.ts";
import { ownSteps, type ScratchWork, scratchWork } from "#services/molecules/scratch-work.ts";
import { squash } from "#services/molecules/squash.ts";
import { submitDrafts } from "#services/molecules/submit.ts";
import { callBy, scratchPorts } from "../scratch-call.ts";
import { exit } from "./exit.ts";
import { requestShutdown } from "./request-shutdown.ts";

type Wish = { summary?: string; blocker?: string; parts?: string[] };

function leave(scratch: ScratchWork, kind: ExitKind, wish: Wish = {}, requestId = `r${kind}`) {
  const request = create(ExitRequestSchema, { requestId, kind, summary: "words", ...wish });
  return exit(scratchPorts(scratch))(request, callBy(scratch.worker.agent, requestId));
}

function shutdown(scratch: ScratchWork, requestId = "s") {
  const request = create(RequestShutdownRequestSchema, { requestId });
  return requestShutdown(scratchPorts(scratch))(request, callBy(scratch.worker.agent, requestId));
}

async function submitted(): Promise<ScratchWork> {
  const scratch = await scratchWork();
  const { ledger, worker, work } = scratch;
  await scratch.complete(...ownSteps);
  const drafts = submitDrafts(ledger.world, work(), worker, { commit: "c", target: "main" });
  await ledger.append(worker.agent, drafts);
  return scratch;
}

function states({ molecule }: ScratchWork): string {
  return molecule()
    .steps.filter(({ state }) => state !== "done")
    .map(({ name }) => name)
    .join(" ");
}

test("COMPLETED names every open step and the missing request", async () => {
  const scratch = await scratchWork();
  await scratch.complete(...ownSteps.slice(0, 5));
  await expect(leave(scratch, ExitKind.COMPLETED)).rejects.toMatchObject({
    reason: "state",
    message:
      'alpha-1 is not completed: step test ("Run the tests") is not done; ' +
      'step submit ("Submit to the merge queue") is not done; ' +
      "nothing was submitted under epoch 1.1: `gt submit`",
  });
});

test("COMPLETED keeps the claim, and the shutdown ends the molecule with a letter", async () => {
  const scratch = await submitted();
  await expect(shutdown(scratch, "early")).rejects.toMatchObject({ reason: "state" });
  expect(await leave(scratch, ExitKind.COMPLETED)).toEqual({
    bead: "alpha-1",
    status: "in_progress",
  });
  expect(exitField.read(scratch.work())).toEqual({
    kind: "COMPLETED",
    epoch: "1.1.0",
    summary: "words",
  });
  expect(scratch.work().claim?.released).toBe(false);
  await leave(scratch, ExitKind.COMPLETED, {}, "again");
  await expect(leave(scratch, ExitKind.ESCALATE)).rejects.toThrow("has left alpha-1 as COMPLETED");
  await shutdown(scratch);
  await shutdown(scratch, "twice");
  expect(states(scratch)).toBe("");
  const letters = inbox(scratch.ledger.world, "machines/vm-a/witness");
  expect(letters.map(({ title }) => title)).toEqual(["SHUTDOWN"]);
});

test("work that landed and was squashed before its worker said so is completed", async () => {
  const scratch = await submitted();
  const { ledger, molecule } = scratch;
  await scratch.write(...squash(ledger.world, molecule(), "2026-01-01T01:00:00Z"));
  await leave(scratch, ExitKind.COMPLETED);
  await shutdown(scratch);
  expect(inbox(ledger.world, "machines/vm-a/witness")).toHaveLength(1);
});

test("ESCALATE documents, defers, releases and mails the overseer, once", async () => {
  const scratch = await scratchWork();
  await scratch.complete("load-context");
  await expect(leave(scratch, ExitKind.ESCALATE, { summary: " " }, "x")).rejects.toThrow("say why");
  const answer = await leave(scratch, ExitKind.ESCALATE, { summary: "which colour?" });
  expect(answer).toEqual({ bead: "alpha-1", status: "deferred" });
  expect(await leave(scratch, ExitKind.ESCALATE, { summary: "which colour?" })).toEqual(answer);
  const work = scratch.work();
  expect(work.claim).toMatchObject({ released: true, exit: "ESCALATE" });
  expect(work.comments.map(({ text }) => text)).toEqual(["ESCALATE: which colour?"]);
  const letters = inbox(scratch.ledger.world, "overseer");
  expect(letters.map(({ title }) => title)).toEqual(["ESCALATE alpha-1: Greet by name"]);
  expect(letters[0]?.fields["description"]).toContain("`gt sling alpha-1` has it tried again");
  expect(letters[0]?.fields["description"]).toContain("which colour?");
  await shutdown(scratch);
  expect(states(scratch)).toBe("branch-setup implement commit self-review test submit");
});

test("BLOCKED files what it waits for, links it, and leaves the bead to come back", async () => {
  const scratch = await scratchWork();
  const { world } = scratch.ledger;
  await leave(scratch, ExitKind.BLOCKED, { blocker: "A key for the map service" });
  const work = scratch.work();
  const edge = work.dependencies.find(({ type }) => type === "blocks");
  const blocker = edge?.uid === undefined ? undefined : world.bead(edge.uid);
  expect(blocker).toMatchObject({ title: "A key for the map service", status: "open" });
  expect(blocker?.id).toMatch(/^alpha-[0-9a-z]{4,8}$/);
  expect(blocker?.dependencies).toMatchObject([{ type: "discovered-from", uid: "work" }]);
  expect(work).toMatchObject({ status: "open", claim: { released: true, exit: "BLOCKED" } });
  expect(inbox(world, "overseer")).toHaveLength(1);
});

test("BLOCKED links a bead that is there, but none that waits for it already", async () => {
  const scratch = await scratchWork();
  await scratch.write(
    createBead({ uid: "b2", id: "alpha-2", title: "Second" }),
    addEdges("b2", [{ to: "work", type: "blocks" }]),
    createBead({ uid: "b3", id: "alpha-3", title: "Third" }),
  );
  const blocked = (blocker: string) => leave(scratch, ExitKind.BLOCKED, { blocker }, blocker);
  await expect(blocked("alpha-2")).rejects.toThrow("alpha-1 waits for alpha-2 waits for alpha-1");
  await expect(blocked("alpha-1")).rejects.toMatchObject({ reason: "invalid" });
  await expect(blocked("alpha-9")).rejects.toMatchObject({ reason: "not_found" });
  await expect(blocked("")).rejects.toThrow("name what it waits for");
  await blocked("alpha-3");
  expect(scratch.work().dependencies).toMatchObject([{ type: "blocks", id: "alpha-3" }]);
});

test("REFACTOR makes the parts children and defers the rest", async () => {
  const scratch = await scratchWork();
  await expect(leave(scratch, ExitKind.REFACTOR, {}, "x")).rejects.toThrow("name its parts");
  await leave(scratch, ExitKind.REFACTOR, { parts: ["The parser", "The printer"] });
  const children = scratch.ledger.world.children("work");
  expect(children.map(({ title }) => title).sort()).toEqual(["The parser", "The printer"]);
  expect(children[0]?.id).toMatch(/^alpha-1\.[0-9a-z]{4}$/);
  expect(scratch.work().status).toBe("deferred");
});

test("what was submitted is left as completed only, and a taken claim allows no exit", async () => {
  const scratch = await submitted();
  await expect(leave(scratch, ExitKind.ESCALATE)).rejects.toThrow(
    "was submitted as alpha-1.mr-1-1",
  );
  await scratch.reclaim("1.2");
  await expect(leave(scratch, ExitKind.COMPLETED)).rejects.toMatchObject({ reason: "stale" });
  await shutdown(scratch);
  expect(inbox(scratch.ledger.world, "machines/vm-a/witness")).toHaveLength(1);
  expect(exitField.read(scratch.work())).toBeUndefined();
});
