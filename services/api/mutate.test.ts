import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { CreateBeadRequestSchema, WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import type { Disk } from "#services/ledger/disk.ts";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { createBead, setFields } from "#services/ledger/drafts.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { mutate } from "./mutate.ts";

const method = WorkService.method.createBead;
const call = { principal: "ann", requestId: "once" };
const request = create(CreateBeadRequestSchema, { title: "x" });

/** A disk that makes nothing durable until it is let go. */
function heldDisk() {
  const disk = new MemoryDisk();
  const gate = Promise.withResolvers<void>();
  const held: Disk = {
    ...disk,
    open: async (path) => {
      const file = await disk.open(path);
      const sync = () => gate.promise.then(() => file.sync());
      return { append: (bytes) => file.append(bytes), close: () => file.close(), sync };
    },
  };
  return { disk: held, letGo: gate.resolve };
}

test("a repetition is told of success no sooner than the first is durable", async () => {
  const { disk, letGo } = heldDisk();
  const ledger = await openLedger({ dir: "/j", machine: "town", disk, nowMs: () => 1 });
  const told: string[] = [];
  const send = async (name: string) => {
    await mutate(ledger, method, request, call, ({ uid }) => {
      const draft = createBead({ uid, id: "hq-1", title: "x" });
      return { bead: uid, drafts: [draft] };
    });
    told.push(name);
  };
  const both = [send("first"), send("again")];
  await new Promise(setImmediate);
  expect(told).toEqual([]);
  letGo();
  await Promise.all(both);
  expect(told.sort()).toEqual(["again", "first"]);
  expect(ledger.world.size()).toBe(1);
});

test("a request that changed nothing stays without effect", async () => {
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/j", machine: "town", disk, nowMs: () => 1 });
  await ledger.append("town", [createBead({ uid: "a", id: "hq-a", title: "a" })]);
  await mutate(ledger, method, request, call, () => ({ bead: "a", drafts: [] }));
  const again = await mutate(ledger, method, request, call, () => {
    return { bead: "a", drafts: [setFields("a", { title: "changed" })] };
  });
  expect(again).toMatchObject({ repeated: true, bead: { title: "a" } });
});

test("a refused request leaves its id free", async () => {
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/j", machine: "town", disk, nowMs: () => 1 });
  const refuse = () => {
    throw new Error("refused");
  };
  await expect(mutate(ledger, method, request, call, refuse)).rejects.toThrow("refused");
  const { repeated } = await mutate(ledger, method, request, call, ({ uid }) => {
    return { bead: uid, drafts: [createBead({ uid, id: "hq-1", title: "x" })] };
  });
  expect(repeated).toBe(false);
});
