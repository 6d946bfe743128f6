import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { Bus } from "./bus.ts";
import { describeBusContract } from "./bus-contract.ts";
import { connectMemoryBus, createMemoryBroker } from "./bus-memory.ts";
import { type BusFixture, restrictedSubjects } from "./contract/fixture.ts";
import { createMemoryStore, storeLimits } from "./store-memory.ts";

describeBusContract("memory", async (): Promise<BusFixture> => {
  const broker = createMemoryBroker();
  const clients: Bus[] = [];
  return {
    connect: async (name, restricted) => {
      const retry = { baseMs: 5, maxMs: 50 };
      const allow = restricted ? { allow: restrictedSubjects } : {};
      const client = connectMemoryBus(broker, { name, retry, ...allow });
      clients.push(client);
      return client;
    },
    cut: broker.cut,
    heal: broker.heal,
    crash: async () => broker.cut(),
    restart: async () => broker.heal(),
    wipe: async () => broker.wipe(),
    close: async () => {
      for (const client of clients) await client.close();
    },
  };
});

const payload = new Uint8Array(10);

test.for([
  { limit: { messagesMax: 2 }, expected: [2, 3] },
  { limit: { bytesMax: 25 }, expected: [2, 3] },
  { limit: { ageMaxMs: 1_000 }, expected: [2, 3] },
  { limit: {}, expected: [1, 2, 3] },
])("a store bounded by $limit keeps $expected", ({ limit, expected }) => {
  let now = 0;
  const store = createMemoryStore({ ...storeLimits, ...limit }, () => now);
  for (const id of ["1", "2", "3"]) {
    store.append("gt.t.ledger.a", payload, id);
    now += 600;
  }
  const kept: number[] = [];
  for (let seq = 0; ; ) {
    const message = store.after(seq, "gt.t.ledger.>");
    if (!message) break;
    seq = message.seq;
    kept.push(seq);
  }
  expect(kept).toEqual(expected);
});

test("a store that lost its tail gives its numbers to other messages", () => {
  const store = createMemoryStore(storeLimits, () => 0);
  for (const id of ["1", "2", "3"]) store.append("gt.t.ledger.a", payload, id);
  store.rollBack(1);
  expect(store.state(1)).toMatchObject({ lastSeq: 1, storedAtMs: 0 });
  expect(store.append("gt.t.ledger.a", payload, "3")).toBe(true);
  expect(store.after(1, "gt.t.ledger.>")?.seq).toBe(2);
  expect(store.after(2, "gt.t.ledger.>")).toBeUndefined();
});

test("an id is forgotten after its window, and not before", () => {
  let now = 0;
  const store = createMemoryStore({ ...storeLimits, dedupeWindowMs: 100 }, () => now);
  expect(store.append("gt.t.ledger.a", payload, "1")).toBe(true);
  now = 99;
  expect(store.append("gt.t.ledger.a", payload, "1")).toBe(false);
  now = 100;
  expect(store.append("gt.t.ledger.a", payload, "1")).toBe(true);
});

test("a closed bus leaves nothing that keeps the process alive", async () => {
  const script = `
    const { connectMemoryBus, createMemoryBroker } = await import("./bus-memory.ts");
    const retry = { baseMs: 1e8, maxMs: 1e8 };
    const bus = connectMemoryBus(createMemoryBroker(), { name: "a", retry });
    const refused = new Promise((resolve) => bus.onError(resolve));
    await bus.consume("gt.t.ledger.>", () => { throw new Error("no"); }, { from: "all" });
    await bus.publish("gt.t.ledger.a", new Uint8Array(), "1");
    await refused;
    await bus.close();
    console.log("closed");`;
  const options = { cwd: import.meta.dirname, timeout: 10_000 };
  const child = promisify(execFile)(
    process.execPath,
    ["--input-type=module", "-e", script],
    options,
  );
  expect((await child).stdout).toBe("closed\n");
});
