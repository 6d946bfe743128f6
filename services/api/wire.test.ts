import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { EventService } from "#proto/gastown/v1/event_service_pb.ts";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { connectRpc } from "#services/rpc/client.ts";
import { served, serveRpc } from "#services/rpc/server.ts";
import { openEventLog } from "./event/event-log.ts";
import { eventService } from "./event/watch-events.ts";
import { scratchTown } from "./scratch-town.ts";
import { workService } from "./work/work-service.ts";

async function wired() {
  const town = await scratchTown();
  const events = openEventLog(town.ledger);
  const bugs: unknown[] = [];
  const server = await serveRpc({
    services: [
      served(WorkService, workService(town)),
      served(EventService, eventService({ ...town, events })),
    ],
    listen: { address: "127.0.0.1:0" },
    authenticate: ({ claimed }) => claimed ?? "overseer",
    onBug: (error) => bugs.push(error),
  });
  const rpc = connectRpc({ address: server.address });
  return {
    bugs,
    work: rpc.client(WorkService),
    events: rpc.client(EventService),
    [Symbol.asyncDispose]: async () => {
      rpc.close();
      await server.drain(0);
    },
  };
}

test("what the handlers answer is what a client reads", async () => {
  await using town = await wired();
  const until = timestampFromDate(new Date("2030-01-01T00:00:00Z"));
  const metadata = { team: "x", gt: { patch: "diff", size: 3 } };
  const filed = await town.work.createBead({
    title: "Greet",
    rig: "alpha",
    metadata,
    deferUntil: until,
    requestId: "one",
  });
  expect(filed.bead).toMatchObject({
    rig: "alpha",
    metadata,
    deferUntil: { seconds: until.seconds },
    ready: false,
    blockedBy: ["deferred until 2030-01-01T00:00:00.000Z"],
  });
  expect(filed.bead?.createTime).toBeDefined();
  const again = await town.work.createBead({
    title: "Greet",
    rig: "alpha",
    metadata,
    deferUntil: until,
    requestId: "one",
  });
  expect(again).toEqual(filed);
  const id = filed.bead?.id ?? "";
  const { root } = await town.work.getBeadTree({ id });
  expect(root?.bead).toEqual(filed.bead);
  const undeferred = await town.work.updateBead({
    bead: { id },
    updateMask: { paths: ["defer_until"] },
  });
  expect(undeferred.bead?.ready).toBe(true);
  const list = await town.work.listBeads({ filter: "rig = alpha AND work = true" });
  expect(list).toMatchObject({ beads: [{ id }], totalSize: 1 });
  expect(town.bugs).toEqual([]);
});

test("refusals reach a client with their details", async () => {
  await using town = await wired();
  await expect(
    town.work.createBead({ title: "", rig: "alpha", priority: 9 }),
  ).rejects.toMatchObject({
    reason: "invalid",
    violations: [{ field: "title" }, { field: "priority" }],
  });
  await expect(town.work.getBead({ id: "alpha-9" })).rejects.toMatchObject({
    reason: "not_found",
    resource: { type: "bead", name: "alpha-9" },
  });
  const { bead } = await town.work.createBead({ title: "x", rig: "alpha" });
  const id = bead?.id ?? "";
  await expect(
    town.work.addDependency({ id, dependency: { dependsOnId: id } }),
  ).rejects.toMatchObject({ reason: "state", violations: [{ field: id }] });
  const stream = town.events.watchEvents({ resumeToken: "town.gone:7" });
  await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({ reason: "gap" });
  expect(town.bugs).toEqual([]);
});

test("a watch follows what is done", async () => {
  await using town = await wired();
  const { bead } = await town.work.createBead({ title: "x", rig: "alpha" });
  const end = new AbortController();
  const limits = { signal: end.signal };
  const watch = town.events.watchEvents({ bead: bead?.id ?? "" }, limits)[Symbol.asyncIterator]();
  const first = watch.next();
  // The watch begins when the server has it: what is done before that is not its own.
  let heard = false;
  void first.then(() => {
    heard = true;
  });
  for (let count = 0; !heard; count += 1) {
    await town.work.addComment({ id: bead?.id ?? "", text: `note ${count}` });
  }
  expect((await first).value).toMatchObject({ kind: "commented", bead: { id: bead?.id } });
  end.abort();
  await expect(drained(watch)).resolves.toBeUndefined();
  expect(town.bugs).toEqual([]);
});

/** Read to the end, be it an orderly one or the cancelled call's. */
async function drained(stream: AsyncIterator<unknown>): Promise<void> {
  try {
    while (!(await stream.next()).done);
  } catch (error) {
    if ((error as { reason?: string }).reason !== "cancelled") throw error;
  }
}
