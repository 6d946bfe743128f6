import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  GetMergeRequestRequestSchema,
  ListMergeRequestsRequestSchema,
} from "#proto/gastown/v1/merge_queue_service_pb.ts";
import { claimBead, closeBead, createBead, setFields } from "#services/ledger/drafts.ts";
import { scratchTown } from "../scratch-town.ts";
import { getMergeRequest } from "./get-merge-request.ts";
import { listMergeRequests } from "./list-merge-requests.ts";

const worker = "rigs/alpha/polecats/nux";

/** Three beads of alpha in work, the first two submitted. */
async function scratch() {
  const town = await scratchTown();
  for (const [at, name] of ["a", "b", "c"].entries()) {
    await town.write(
      createBead({ uid: name, id: `alpha-${name}`, title: name }),
      claimBead(name, "1.1", { machine: "vm-a", polecat: worker }),
    );
    if (at < 2) await town.write(request(name, at));
  }
  const list = (init: object) =>
    listMergeRequests(town)(create(ListMergeRequestsRequestSchema, init), town.by());
  const get = (id: string) =>
    getMergeRequest(town)(create(GetMergeRequestRequestSchema, { id }), town.by());
  return { town, list, get };
}

function request(work: string, at: number) {
  const merge = { rig: "alpha", branch: `polecat/${work}`, commit: `c${at}`, target: "main" };
  return createBead({
    uid: `mr-${work}`,
    id: `alpha-${work}.mr-1-1`,
    title: work,
    issueType: "merge-request",
    // The second is the more urgent.
    priority: 2 - at,
    fields: {
      "gt.work": work,
      "gt.merge": { ...merge, epoch: "1.1.0", worker },
      "gt.merge_state": "queued",
    },
  });
}

test("requests are listed in queue order, settled ones when asked for", async () => {
  const { town, list } = await scratch();
  const open = await list({ rig: "alpha" });
  expect(open.mergeRequests?.map(({ bead, position }) => [bead, position])).toEqual([
    ["alpha-b", 1],
    ["alpha-a", 2],
  ]);
  await town.write(
    setFields("mr-b", { "gt.merge_state": "landed", "gt.landed_commit": "abc" }),
    closeBead("mr-b", { close: "c", kind: "merged", reason: "landed" }),
  );
  expect((await list({ rig: "alpha" })).mergeRequests).toMatchObject([{ bead: "alpha-a" }]);
  const all = await list({ all: true });
  expect(all.mergeRequests).toMatchObject([
    { bead: "alpha-a", state: "queued", position: 1 },
    { bead: "alpha-b", state: "landed", position: 0, landedCommit: "abc" },
  ]);
  expect((await list({ rig: "beta", all: true })).mergeRequests).toEqual([]);
});

test("a merge request of another tool's queue is not listed here", async () => {
  const { town, list } = await scratch();
  await town.write(
    createBead({ uid: "x", id: "alpha-x", title: "Merge: y", issueType: "merge-request" }),
  );
  const { mergeRequests } = await list({ all: true });
  expect(mergeRequests?.map(({ bead }) => bead)).toEqual(["alpha-b", "alpha-a"]);
});

test("a page goes on after its last request, wherever that is now", async () => {
  const { town, list } = await scratch();
  const first = await list({ pageSize: 1 });
  expect(first.mergeRequests).toMatchObject([{ bead: "alpha-b" }]);
  await town.write(setFields("mr-b", { "gt.attempts": 1 }));
  const rest = await list({ pageSize: 1, pageToken: first.nextPageToken ?? "" });
  expect(rest.mergeRequests).toMatchObject([{ bead: "alpha-a" }]);
  expect(rest.nextPageToken).toBe("");
});

test("a request is found by its id and by its bead's, with its gates' output", async () => {
  const { town, get } = await scratch();
  const gate = { gate: "test", commit: "c0", passed: false, exitCode: 1, elapsedMs: 12.6 };
  await town.write(setFields("mr-a", { "gt.gates": [{ ...gate, output: "1 failed" }] }));
  const found = await get("alpha-a");
  expect(found).toEqual(await get("alpha-a.mr-1-1"));
  expect(found.mergeRequest).toMatchObject({
    id: "alpha-a.mr-1-1",
    worker,
    gates: [{ gate: "test", exitCode: 1, elapsedMs: 13n, output: "1 failed" }],
  });
  await expect(get("alpha-c")).rejects.toThrow("alpha-c has no merge request");
});
