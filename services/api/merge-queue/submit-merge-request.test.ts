import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { SubmitMergeRequestRequestSchema } from "#proto/gastown/v1/merge_queue_service_pb.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { mergeField, mergeStateField } from "#services/ledger/work-fields.ts";
import { ownSteps, type ScratchWork, scratchWork } from "#services/molecules/scratch-work.ts";
import { callBy, scratchPorts } from "../scratch-call.ts";
import type { WorkerPorts } from "../worker-ports.ts";
import { submitMergeRequest } from "./submit-merge-request.ts";

function submit({ worker }: ScratchWork, ports: WorkerPorts, requestId = "r1", bead = "") {
  const request = create(SubmitMergeRequestRequestSchema, { requestId, bead });
  return submitMergeRequest(ports)(request, callBy(worker.agent, requestId));
}

test("submitting files one request for the claim and closes the step", async () => {
  const scratch = await scratchWork();
  const ports = scratchPorts(scratch);
  await scratch.complete(...ownSteps);
  const answer = await submit(scratch, ports);
  expect(answer.mergeRequest).toMatchObject({
    ...{ id: "alpha-1.mr-1-1", bead: "alpha-1", state: "queued", commit: "pushed" },
  });
  const bead = scratch.ledger.world.bead(derivedUid("merge-request", "work", "1.1"));
  expect(bead?.issueType).toBe("merge-request");
  expect(bead && mergeStateField.read(bead)).toBe("queued");
  expect(bead && mergeField.read(bead)).toEqual({
    rig: "alpha",
    branch: scratch.worker.branch,
    commit: "pushed",
    target: "main",
    epoch: "1.1",
    worker: scratch.worker.agent,
  });
  expect(scratch.molecule().steps[6]).toMatchObject({ name: "submit", state: "done" });
  expect(await submit(scratch, ports)).toEqual(answer);
  expect(await submit(scratch, ports, "r2", "alpha-1")).toEqual(answer);
  expect(scratch.ledger.world.ofType("merge-request")).toHaveLength(1);
});

test("what is not committed, or nothing at all, is refused with what to do about it", async () => {
  const scratch = await scratchWork();
  await scratch.complete(...ownSteps);
  const dirty = scratchPorts(scratch, { pushed: { dirty: ["a.txt", "b.txt"] } });
  await expect(submit(scratch, dirty)).rejects.toMatchObject({
    reason: "state",
    message: expect.stringContaining("a.txt, b.txt: commit it"),
  });
  const empty = scratchPorts(scratch, { pushed: { ahead: 0 } });
  await expect(submit(scratch, empty)).rejects.toThrow("has nothing to merge");
});

test("open steps, another bead and a claim that was taken are refused", async () => {
  const scratch = await scratchWork();
  const ports = scratchPorts(scratch);
  await expect(submit(scratch, ports)).rejects.toMatchObject({
    reason: "state",
    message: expect.stringContaining("step test"),
  });
  await scratch.complete(...ownSteps);
  await expect(submit(scratch, ports, "r2", "alpha-2")).rejects.toMatchObject({
    reason: "denied",
  });
  await submit(scratch, ports, "r3");
  await scratch.reclaim("1.2");
  await expect(submit(scratch, ports, "r4")).rejects.toMatchObject({ reason: "stale" });
});
