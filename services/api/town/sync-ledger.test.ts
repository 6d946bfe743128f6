import { expect, test } from "vitest";
import { TownError } from "#services/rpc/town-error.ts";
import { scratchTown } from "../scratch-town.ts";
import { syncLedger } from "./sync-ledger.ts";

const context = { signal: new AbortController().signal } as Parameters<
  ReturnType<typeof syncLedger>
>[1];
const request = {} as Parameters<ReturnType<typeof syncLedger>>[0];

test("what comes during the look is counted, and what waits is pushed after it", async () => {
  const { ledger, nowMs } = await scratchTown();
  const order: string[] = [];
  const line = JSON.stringify({
    v: 1,
    writer: "vm-z.life0001",
    seq: 1,
    clock: [nowMs(), 0],
    actor: "overseer",
    bead: "z",
    op: "set",
    values: { fields: { title: "Z" } },
    prev: "",
  });
  const sync = {
    fetch: async () => {
      order.push("fetch");
      ledger.receive([line], "vm-z");
    },
    flush: async () => void order.push("flush"),
  };
  const told = await syncLedger({ ledger, sync, endpoint: "town" })(request, context);
  expect(told).toMatchObject({
    endpoint: "town",
    received: [{ writer: "vm-z.life0001", events: 1 }],
    gaps: [],
    failure: "",
    isAway: false,
  });
  expect(order).toEqual(["fetch", "flush"]);
});

test("a remote that is away is an answer, and a bug is not", async () => {
  const { ledger } = await scratchTown();
  const failing = (error: Error) => ({ fetch: () => Promise.reject(error), flush: async () => {} });
  const away = failing(new TownError("unavailable", "no answer"));
  const told = await syncLedger({ ledger, sync: away, endpoint: "town" })(request, context);
  expect(told).toMatchObject({ failure: "no answer", isAway: true });
  const broken = syncLedger({ ledger, sync: failing(new Error("a bug")), endpoint: "town" });
  await expect(broken(request, context)).rejects.toThrow("a bug");
  const none = syncLedger({ ledger, endpoint: "scratch" });
  await expect(none(request, context)).rejects.toMatchObject({ reason: "unimplemented" });
});
