import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { BeadNodeSchema } from "#proto/gastown/v1/work_service_pb.ts";
import { progressOf } from "./progress.ts";

type Child = { status: string; ready?: boolean; claim?: { epoch: string }; mergeState?: string };

function epic(status: string, ...children: Child[]) {
  return create(BeadNodeSchema, {
    bead: { id: "hq-1", status },
    children: children.map(({ mergeState = "", ...bead }, at) => ({
      bead: { id: `a-${at}`, ...bead },
      mergeState,
    })),
  });
}

test("a closed epic is done", () => {
  expect(progressOf(epic("closed", { status: "closed" }))).toEqual({ kind: "done" });
});

test("it goes on while someone works, something is ready, or a request is in the queue", () => {
  const aside = { status: "deferred" };
  expect(progressOf(epic("open", aside, { status: "open", ready: true }))).toMatchObject({
    kind: "going",
  });
  const held = { status: "in_progress", claim: { epoch: "1.1" } };
  expect(progressOf(epic("open", aside, held))).toEqual({ kind: "going" });
  const queued = { status: "open", mergeState: "queued" };
  expect(progressOf(epic("open", aside, queued))).toEqual({ kind: "going" });
  expect(progressOf(epic("open", { status: "open" }))).toEqual({ kind: "going" });
});

test("put aside with nothing else to do, it is stuck, and what is open is named", () => {
  const tree = epic("open", { status: "deferred" }, { status: "open" }, { status: "closed" });
  expect(progressOf(tree)).toEqual({ kind: "stuck", open: ["a-0", "a-1"] });
});
