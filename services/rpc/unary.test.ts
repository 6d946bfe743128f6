import { create } from "@bufbuild/protobuf";
import { credentials, Client as RawClient } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { EventService } from "#proto/gastown/v1/event_service_pb.ts";
import { TownService } from "#proto/gastown/v1/town_service_pb.ts";
import { CreateBeadRequestSchema, WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { connectRpc } from "./client.ts";
import { asIs, messageBytesMax } from "./codec.ts";
import { TownError } from "./town-error.ts";
import { toyTown, untilClosed } from "./toy-town.ts";

function connect(address: string, options: { token?: string; principal?: string } = {}) {
  return untilClosed(connectRpc({ address, ...options }));
}

/** Resolves when the signal aborts, with its reason. */
function aborted(signal: AbortSignal): Promise<TownError> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(signal.reason), { once: true });
  });
}

test("a unary call is answered, and recorded once", async () => {
  await using town = await toyTown();
  using client = connect(town.server.address, { principal: "overseer" });
  const { bead } = await client.client(WorkService).createBead({ title: "a café", priority: 0 });
  expect(bead).toMatchObject({ id: "gt-1", title: "a café", createdBy: "overseer" });
  expect(town.created[0]?.request.priority).toBe(0);
  expect(town.calls).toEqual([
    {
      method: "gastown.v1.WorkService/CreateBead",
      principal: "overseer",
      code: "OK",
      elapsedMs: expect.any(Number),
    },
  ]);
});

test("authenticate learns token, claim, and that loopback is local", async () => {
  await using town = await toyTown();
  using client = connect(town.server.address, { token: "t0ken", principal: "overseer" });
  await client.client(WorkService).createBead({ title: "one" });
  expect(town.callers).toEqual([{ token: "t0ken", claimed: "overseer", local: true }]);
  expect(town.created[0]?.context).toMatchObject({ principal: "t0ken", token: "t0ken" });
});

test("a caller who is nobody is denied, with a record", async () => {
  await using town = await toyTown();
  using client = connect(town.server.address, { token: "wrong" });
  await expect(client.client(TownService).getTown({})).rejects.toMatchObject({
    reason: "denied",
    message: "this token is nobody's",
  });
  expect(town.calls).toMatchObject([{ principal: "", code: "PERMISSION_DENIED" }]);
  expect(town.bugs).toEqual([]);
});

test("a method without a handler says so", async () => {
  await using town = await toyTown();
  using client = connect(town.server.address);
  await expect(client.client(TownService).diagnose({})).rejects.toMatchObject({
    reason: "unimplemented",
    message: "gastown.v1.TownService/Diagnose is not served at this endpoint",
  });
  await expect(
    client.client(EventService).watchEvents({})[Symbol.asyncIterator]().next(),
  ).rejects.toMatchObject({ reason: "unimplemented" });
});

test("a bug reaches onBug, and its caller learns only that it is one", async () => {
  const bug = new TypeError("secret of the house");
  await using town = await toyTown({
    town: {
      getTown: async () => {
        throw bug;
      },
    },
  });
  using client = connect(town.server.address);
  const failed = client.client(TownService).getTown({});
  await expect(failed).rejects.not.toBeInstanceOf(TownError);
  await expect(failed).rejects.toThrow(/failed with INTERNAL: this is a bug/);
  await expect(failed).rejects.not.toThrow(/secret/);
  expect(town.bugs).toEqual([bug]);
});

test("a request id is passed on; an empty one is made once, by the client", async () => {
  await using town = await toyTown();
  using client = connect(town.server.address);
  const work = client.client(WorkService);
  await work.createBead({ requestId: "mine 1" });
  expect(town.created[0]?.context.requestId).toBe("mine 1");
  const reused = create(CreateBeadRequestSchema, { title: "twice" });
  await work.createBead(reused);
  await work.createBead(reused);
  const ids = town.created.map(({ context }) => context.requestId);
  expect(new Set(ids).size).toBe(3);
  expect(town.created.map(({ request }) => request.requestId)).toEqual(ids);
});

test.for(["x".repeat(129), "a\nb", "é"])("the request id %j is refused", async (requestId) => {
  await using town = await toyTown();
  using client = connect(town.server.address);
  await expect(client.client(WorkService).createBead({ requestId })).rejects.toMatchObject({
    reason: "invalid",
    violations: [{ field: "request_id" }],
  });
  expect(town.created).toEqual([]);
});

test("bytes that are no message are invalid, not a bug", async () => {
  await using town = await toyTown();
  const { address } = town.server;
  const raw = new RawClient(address, credentials.createInsecure());
  const failed = new Promise((resolve) => {
    const path = "/gastown.v1.WorkService/CreateBead";
    raw.makeUnaryRequest(path, asIs, asIs, Buffer.from([0x0a, 0xff]), resolve);
  });
  expect(await failed).toMatchObject({
    code: 3,
    details: "these bytes are no gastown.v1.CreateBeadRequest",
  });
  raw.close();
  expect(town.bugs).toEqual([]);
});

test("a deadline ends the wait on both sides", async () => {
  const seen = Promise.withResolvers<TownError>();
  await using town = await toyTown({
    town: {
      getTown: async (_request, { signal, deadlineMs }) => {
        expect(deadlineMs).toBeLessThanOrEqual(Date.now() + 60);
        seen.resolve(await aborted(signal));
        signal.throwIfAborted();
        return {};
      },
    },
  });
  using client = connect(town.server.address);
  const failed = client.client(TownService).getTown({}, { timeoutMs: 60 });
  await expect(failed).rejects.toMatchObject({ reason: "timeout" });
  expect(["timeout", "cancelled"]).toContain((await seen.promise).reason);
  expect(town.bugs).toEqual([]);
});

test("a caller's signal cancels a unary call on both sides", async () => {
  const controller = new AbortController();
  const seen = Promise.withResolvers<TownError>();
  await using town = await toyTown({
    town: {
      getTown: async (_request, { signal }) => {
        controller.abort();
        seen.resolve(await aborted(signal));
        throw signal.reason;
      },
    },
  });
  using client = connect(town.server.address);
  const { signal } = controller;
  await expect(client.client(TownService).getTown({}, { signal })).rejects.toMatchObject({
    reason: "cancelled",
  });
  expect((await seen.promise).reason).toBe("cancelled");
  await expect(client.client(TownService).getTown({}, { signal })).rejects.toMatchObject({
    reason: "cancelled",
  });
});

test("messages are bounded both ways", async () => {
  await using town = await toyTown({
    town: { getTown: async () => ({ home: "x".repeat(messageBytesMax) }) },
  });
  using client = connect(town.server.address);
  const large = client.client(WorkService).createBead({ notes: "x".repeat(messageBytesMax) });
  await expect(large).rejects.toMatchObject({ reason: "exhausted", message: /over the limit/ });
  await expect(client.client(TownService).getTown({})).rejects.toMatchObject({
    reason: "exhausted",
    message: /a GetTownResponse of \d+ bytes is over the limit of 4194304; ask for less/,
  });
});

test("nobody there: unavailable, with the address", async () => {
  const town = await toyTown();
  await town.server.drain(0);
  const { address } = town.server;
  using client = untilClosed(connectRpc({ address, retriesMax: 0 }));
  await expect(client.client(TownService).getTown({})).rejects.toMatchObject({
    reason: "unavailable",
    message: `cannot reach ${address}: connect ECONNREFUSED ${address}`,
  });
  await expect(
    client.client(EventService).watchEvents({})[Symbol.asyncIterator]().next(),
  ).rejects.toMatchObject({ reason: "unavailable" });
});

test("a call finds a server that starts a little later, or again", async () => {
  const before = await toyTown();
  const { address } = before.server;
  using client = connect(address);
  await client.client(TownService).getTown({});
  await before.server.drain(0);
  const calling = client.client(WorkService).createBead({ title: "late" });
  await using town = await toyTown({}, { address });
  expect((await calling).bead?.title).toBe("late");
  expect(town.created).toHaveLength(1);
});

test("a retried call is the same request", async () => {
  const ids: string[] = [];
  await using town = await toyTown({
    work: {
      createBead: async (_request, { requestId }) => {
        ids.push(requestId);
        if (ids.length < 3) throw new TownError("unavailable", "not yet");
        return {};
      },
    },
  });
  using client = connect(town.server.address);
  await client.client(WorkService).createBead({});
  expect(ids).toHaveLength(3);
  expect(new Set(ids).size).toBe(1);
});
