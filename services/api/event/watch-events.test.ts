import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { WatchEventsRequestSchema } from "#proto/gastown/v1/event_service_pb.ts";
import { claimBead, closeBead, createBead, setFields } from "#services/ledger/drafts.ts";
import { scratchTown } from "../scratch-town.ts";
import { openEventLog } from "./event-log.ts";
import { watchEvents } from "./watch-events.ts";

async function scratch(max?: number) {
  const town = await scratchTown();
  const events = openEventLog(town.ledger, max);
  const watch = (request: { resumeToken?: string; bead?: string } = {}, context = town.by()) => {
    const handler = watchEvents({ ...town, events });
    return handler(create(WatchEventsRequestSchema, request), context)[Symbol.asyncIterator]();
  };
  return { ...town, events, watch };
}

const task = (id: string, edges: { to: string; type: string }[] = []) =>
  createBead({ uid: `uid-${id}`, id: `alpha-${id}`, title: `Title of ${id}`, edges });

test("what happens is told as it happens, with the bead after it", async () => {
  const town = await scratch();
  const watch = town.watch();
  const first = watch.next();
  await town.write(task("a"));
  expect((await first).value).toMatchObject({
    kind: "created",
    bead: { id: "alpha-a", ready: true },
    actor: "town",
    machine: "town",
    summary: "Title of a",
  });
  await town.write(
    setFields("uid-a", { priority: 0, "gt.placement": { machine: "vm-a" } }),
    claimBead("uid-a", "1.1", { machine: "vm-a", polecat: "rigs/alpha/polecats/nux" }),
    closeBead("uid-a", { close: "c", kind: "merged", reason: "landed as abc" }),
  );
  expect((await watch.next()).value).toMatchObject({
    kind: "updated",
    summary: "priority: 0, placed on vm-a",
  });
  expect((await watch.next()).value).toMatchObject({
    kind: "claimed",
    machine: "vm-a",
    epoch: "1.1",
    summary: "claimed by rigs/alpha/polecats/nux on vm-a, epoch 1.1",
  });
  expect((await watch.next()).value).toMatchObject({
    kind: "closed",
    summary: "merged: landed as abc",
  });
});

test("a token continues exactly after its event", async () => {
  const town = await scratch();
  const start = town.watch();
  const pending = start.next();
  await town.write(task("a"), task("b"), task("c"));
  const { value } = await pending;
  const resumed = town.watch({ resumeToken: value.resumeToken });
  expect((await resumed.next()).value.bead.id).toBe("alpha-b");
  expect((await resumed.next()).value.bead.id).toBe("alpha-c");
});

test("one bead can be watched with all that hangs below it", async () => {
  const town = await scratch();
  await town.write(task("epic"), task("other"));
  const watch = town.watch({ bead: "alpha-epic" });
  const first = watch.next();
  await town.write(
    setFields("uid-other", { title: "no" }),
    task("leaf", [{ to: "uid-epic", type: "parent-child" }]),
    createBead({ uid: "mr", id: "mr", title: "m", fields: { "gt.work": "uid-leaf" } }),
  );
  expect((await first).value.bead.id).toBe("alpha-leaf");
  expect((await watch.next()).value.bead.id).toBe("mr");
  await expect(town.watch({ bead: "alpha-nothing" }).next()).rejects.toMatchObject({
    reason: "not_found",
  });
});

test("a token that cannot be continued is refused as a gap", async () => {
  const town = await scratch(4);
  await town.write(task("a"));
  const early = town.events.token(town.events.position());
  await town.write(...["b", "c", "d", "e"].map((id) => task(id)));
  expect((await town.watch({ resumeToken: early }).next()).value.bead.id).toBe("alpha-b");
  await town.write(task("f"));
  for (const resumeToken of [early, "town.other:1", town.events.token(99), "nonsense"]) {
    await expect(town.watch({ resumeToken }).next()).rejects.toMatchObject({ reason: "gap" });
  }
});

test("a reader that is too slow is told of the gap, and nothing is kept for it", async () => {
  const town = await scratch(4);
  const watch = town.watch();
  const first = watch.next();
  await town.write(task("a"));
  await first;
  await town.write(...["b", "c", "d", "e", "f", "g", "h", "i", "j", "k"].map((id) => task(id)));
  await expect(watch.next()).rejects.toMatchObject({ reason: "gap" });
  expect(town.events.after(town.events.position() - 4)).toHaveLength(4);
});

test("a watch ends with its call", async () => {
  const town = await scratch();
  const end = new AbortController();
  const pending = town.watch({}, { ...town.by(), signal: end.signal }).next();
  end.abort(new Error("the caller went away"));
  await expect(pending).rejects.toThrow("the caller went away");
});
