import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { CompleteStepRequestSchema } from "#proto/gastown/v1/molecule_service_pb.ts";
import { type ScratchWork, scratchWork } from "#services/molecules/scratch-work.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { callBy, scratchPorts } from "../scratch-call.ts";
import type { WorkerPorts } from "../worker-ports.ts";
import { completeStep } from "./complete-step.ts";

function done({ worker }: ScratchWork, ports: WorkerPorts, step: string, requestId = step) {
  const request = create(CompleteStepRequestSchema, { requestId, step, summary: `did ${step}` });
  return completeStep(ports)(request, callBy(worker.agent, requestId));
}

test("a step closes with its summary, its pushed commit and the worker's epoch", async () => {
  const scratch = await scratchWork();
  const ports = scratchPorts(scratch);
  const answer = await done(scratch, ports, "load-context");
  expect(answer.step).toMatchObject({
    name: "load-context",
    state: "done",
    summary: "did load-context",
    completedBy: scratch.worker.agent,
  });
  expect(answer.next).toMatchObject({ name: "branch-setup", state: "ready" });
  expect(scratch.molecule().steps[0]?.commit).toBe("saved");
  expect(scratch.molecule().steps[0]?.bead.closes).toEqual(["step:1.1"]);
  expect(ports.rung()).toBe(1);
});

test("the same request, and another one for the same step, change nothing", async () => {
  const scratch = await scratchWork();
  const ports = scratchPorts(scratch);
  const first = await done(scratch, ports, "load-context");
  expect(await done(scratch, ports, "load-context")).toEqual(first);
  const other = await done(scratch, ports, "load-context", "another");
  expect(other.step).toEqual(first.step);
  expect(scratch.molecule().steps[0]?.bead.closes).toHaveLength(1);
});

test("a step out of turn, and one for which there is another verb, are refused", async () => {
  const scratch = await scratchWork();
  const ports = scratchPorts(scratch);
  await expect(done(scratch, ports, "commit")).rejects.toMatchObject({ reason: "state" });
  await scratch.complete("load-context", "branch-setup", "implement");
  await scratch.complete("commit", "self-review", "test");
  await expect(done(scratch, ports, "submit")).rejects.toThrow("`gt submit`");
});

test("with the remote away the step closes all the same, without a commit", async () => {
  const scratch = await scratchWork();
  const ports = scratchPorts(scratch, {
    checkpoint: () => Promise.reject(new TownError("unavailable", "no route to the remote")),
  });
  await done(scratch, ports, "load-context");
  expect(scratch.molecule().steps[0]).toMatchObject({ state: "done", commit: "" });
});

test("a claim that was taken while the worker pushed makes the step stale", async () => {
  const scratch = await scratchWork();
  const ports = scratchPorts(scratch, {
    checkpoint: async () => {
      await scratch.reclaim("1.2");
      return "saved";
    },
  });
  await expect(done(scratch, ports, "load-context")).rejects.toMatchObject({ reason: "stale" });
  expect(scratch.molecule().steps[0]?.state).toBe("ready");
});

test("who is no worker here is denied", async () => {
  const scratch = await scratchWork();
  const ports = scratchPorts(scratch, { workers: [] });
  await expect(done(scratch, ports, "load-context")).rejects.toMatchObject({ reason: "denied" });
});
