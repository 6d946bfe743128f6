import { expect, test } from "vitest";
import { EventService } from "#proto/gastown/v1/event_service_pb.ts";
import { TownService } from "#proto/gastown/v1/town_service_pb.ts";
import { connectRpc } from "./client.ts";
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

test("a stream brings its messages, then its error", async () => {
  await using town = await toyTown({
    events: {
      watchEvents: async function* ({ bead }) {
        for (const resumeToken of ["1", "2", "3"]) yield { resumeToken, summary: bead };
        throw new TownError("gap", "token 3 cannot be continued");
      },
    },
  });
  using client = connect(town.server.address);
  const tokens: string[] = [];
  const watch = async () => {
    for await (const event of client.client(EventService).watchEvents({ bead: "gt-1" })) {
      tokens.push(event.resumeToken);
    }
  };
  await expect(watch()).rejects.toMatchObject({ reason: "gap", message: /token 3/ });
  expect(tokens).toEqual(["1", "2", "3"]);
  expect(town.calls).toMatchObject([{ code: "OUT_OF_RANGE" }]);
});

test("a reader that leaves ends the stream, even where its source waits", async () => {
  const ended = Promise.withResolvers<void>();
  const stuck = Promise.withResolvers<never>();
  await using town = await toyTown({
    events: {
      watchEvents: (_request, { signal }) => {
        const items = [{ resumeToken: "1" }];
        signal.addEventListener("abort", () => ended.resolve());
        return {
          [Symbol.asyncIterator]: () => ({
            next: async () => ({ done: false, value: items.pop() ?? (await stuck.promise) }),
          }),
        };
      },
    },
  });
  using client = connect(town.server.address);
  for await (const { resumeToken } of client.client(EventService).watchEvents({})) {
    expect(resumeToken).toBe("1");
    break;
  }
  await ended.promise;
  await expect.poll(() => town.calls).toMatchObject([{ code: "CANCELLED" }]);
});

test("a signal ends a stream with cancelled, before it is read too", async () => {
  await using town = await toyTown({
    events: {
      watchEvents: async function* (_request, { signal }) {
        yield { resumeToken: "1" };
        await aborted(signal);
      },
    },
  });
  using client = connect(town.server.address);
  const controller = new AbortController();
  const { signal } = controller;
  const events = client.client(EventService).watchEvents({}, { signal })[Symbol.asyncIterator]();
  expect((await events.next()).value.resumeToken).toBe("1");
  const pending = events.next();
  controller.abort();
  await expect(pending).rejects.toMatchObject({ reason: "cancelled" });
  expect(() => client.client(EventService).watchEvents({}, { signal })).toThrow(/cancelled/);
});

test("a source is asked for no more than its slow reader takes", async () => {
  let made = 0;
  const summary = "x".repeat(64 * 1024);
  await using town = await toyTown({
    events: {
      watchEvents: async function* () {
        for (; made < 1_000; made += 1) yield { summary };
      },
    },
  });
  using client = connect(town.server.address);
  const events = client.client(EventService).watchEvents({})[Symbol.asyncIterator]();
  await events.next();
  // Unary calls on the same connection pass by, and give the stream time to run ahead.
  for (let i = 0; i < 50; i += 1) await client.client(TownService).getTown({});
  expect(made).toBeLessThan(200);
  let taken = 1;
  while (!(await events.next()).done) taken += 1;
  expect(taken).toBe(1_000);
});

test("a deadline reaches a stream whose reader is stuck", async () => {
  const seen = Promise.withResolvers<TownError>();
  const summary = "x".repeat(64 * 1024);
  await using town = await toyTown({
    events: {
      watchEvents: async function* (_request, { signal }) {
        signal.addEventListener("abort", () => seen.resolve(signal.reason));
        for (;;) yield { summary };
      },
    },
  });
  using client = connect(town.server.address);
  const watch = client.client(EventService).watchEvents({}, { timeoutMs: 200 });
  expect((await seen.promise).reason).toMatch(/timeout|cancelled/);
  const drain = async () => {
    for await (const _ of watch);
  };
  await expect(drain()).rejects.toMatchObject({ reason: "timeout" });
});
