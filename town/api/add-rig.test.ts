import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { AddRigRequestSchema } from "#proto/gastown/v1/fleet_service_pb.ts";
import { scratchRemote } from "#services/git/scratch-remote.ts";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { rigs } from "#services/ledger/rigs.ts";
import { addRig } from "./add-rig.ts";

test("of two who give one name to two projects at once, one is refused", async () => {
  await using one = await scratchRemote();
  await using two = await scratchRemote();
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/j", machine: "town", disk, nowMs: () => 1_000_000 });
  const add = addRig({ ledger });
  const call = (remote: string, prefix: string) => {
    const requestId = prefix;
    const request = create(AddRigRequestSchema, { name: "alpha", prefix, remote, requestId });
    const signal = new AbortController().signal;
    return add(request, { principal: "overseer", requestId, signal } as Parameters<typeof add>[1]);
  };
  const answers = await Promise.allSettled([call(one.remote, "one"), call(two.remote, "two")]);
  const refused = answers.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
  expect(refused).toMatchObject([{ reason: "exists" }]);
  const won = answers[0]?.status === "fulfilled" ? one.remote : two.remote;
  expect(rigs(ledger.world).map(({ rig }) => rig.remote)).toEqual([won]);
});

test("a remote that nobody serves is refused with git's last words, not with its command", async () => {
  const ledger = await openLedger({
    ...{ dir: "/j", machine: "town", disk: new MemoryDisk(), nowMs: () => 1_000_000 },
  });
  const remote = "http://127.0.0.1:1/none.git";
  const request = create(AddRigRequestSchema, { name: "alpha", remote, requestId: "r" });
  const context = { principal: "overseer", requestId: "r", signal: new AbortController().signal };
  const adding = addRig({ ledger })(request, context as never);
  await expect(adding).rejects.toMatchObject({
    reason: "state",
    message: expect.stringMatching(/^cannot reach http:\/\/127\.0\.0\.1:1\/none\.git: unable to/),
  });
  await expect(adding).rejects.not.toThrow(/ls-remote/);
});
