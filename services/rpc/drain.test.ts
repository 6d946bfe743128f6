import { expect, test } from "vitest";
import { EventService } from "#proto/gastown/v1/event_service_pb.ts";
import { TownService } from "#proto/gastown/v1/town_service_pb.ts";
import { connectRpc } from "./client.ts";
import { toyTown, untilClosed } from "./toy-town.ts";

test("a drain lets unary calls finish, ends streams, and takes no new calls", async () => {
  const begun = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const town = await toyTown({
    town: {
      getTown: async (_request, { signal }) => {
        begun.resolve();
        await finish.promise;
        return { town: signal.aborted ? "aborted" : "finished" };
      },
    },
    events: {
      watchEvents: async function* () {
        yield { resumeToken: "1" };
        await new Promise(() => {}); // A source that does not listen to its signal.
      },
    },
  });
  const { address } = town.server;
  using client = untilClosed(connectRpc({ address, retriesMax: 0 }));
  const events = client.client(EventService).watchEvents({})[Symbol.asyncIterator]();
  await events.next();
  const unary = client.client(TownService).getTown({});
  await begun.promise;
  const drained = town.server.drain(60_000);
  await expect(events.next()).rejects.toMatchObject({
    reason: "unavailable",
    message: "the server is stopping",
  });
  using late = untilClosed(connectRpc({ address, retriesMax: 0 }));
  await expect(late.client(TownService).getTown({})).rejects.toMatchObject({
    reason: "unavailable",
  });
  finish.resolve();
  expect((await unary).town).toBe("finished");
  await drained;
  await town.server.drain(60_000); // A second time changes nothing.
});

test("a call that does not end is cut off when the time is up", async () => {
  const begun = Promise.withResolvers<void>();
  const seen = Promise.withResolvers<unknown>();
  const town = await toyTown({
    town: {
      getTown: async (_request, { signal }) => {
        begun.resolve();
        signal.addEventListener("abort", () => seen.resolve(signal.reason));
        return new Promise(() => {});
      },
    },
  });
  using client = untilClosed(connectRpc({ address: town.server.address, retriesMax: 0 }));
  const unary = client.client(TownService).getTown({});
  unary.catch(() => {});
  await begun.promise;
  await town.server.drain(10);
  await expect(unary).rejects.toMatchObject({
    reason: "unavailable",
    message: "the server is stopping",
  });
  expect(await seen.promise).toMatchObject({ reason: "unavailable" });
});
