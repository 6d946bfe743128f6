import { create } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import {
  claimBead,
  closeBead,
  createBead,
  releaseBead,
  setFields,
} from "#services/ledger/drafts.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { scratchTown } from "../scratch-town.ts";
import { clientOf, file } from "./scratch-client.ts";

const nux = "rigs/alpha/polecats/nux";

const machineB = {
  issueType: "machine",
  fields: { "gt.machine": { name: "vm-b", polecatsMax: 1, wire: 2 } },
};

async function claimed() {
  const town = await scratchTown();
  const call = clientOf(town);
  const id = await file(call, {});
  await call("slingBead", { id, runtime: "patch" });
  const uid = (await call("getBead", { id })).bead?.uid ?? "";
  await town.write(claimBead(uid, "1.1", { machine: "vm-a", polecat: nux }));
  const reasons = async () => (await call("explainBead", { id })).placement?.reasons ?? [];
  return { town, call, id, uid, reasons };
}

test("of a bead held on a lost machine it is said first what comes of it", async () => {
  const { town, reasons } = await claimed();
  const lost = { "gt.lost": { sinceAt: "2026-01-01T00:00:00Z", why: "silent" } };
  await town.write(setFields(derivedUid("machine", "vm-a"), lost));
  const since = "vm-a is lost since 2026-01-01T00:00:00Z";
  const [first, second] = await reasons();
  expect(first).toBe(`${since}; no other machine takes work of alpha now, so it waits`);
  expect(second).toMatch(/^held by/);
  await town.write(createBead({ uid: "b", id: "hq-b", title: "vm-b", ...machineB }));
  town.pass(20_000);
  expect((await reasons())[0]).toBe(`${since}; it goes on elsewhere in 40 s`);
  town.pass(60_000);
  expect((await reasons())[0]).toBe(`${since}; it is to go on elsewhere now`);
  const rig = { name: "alpha", prefix: "alpha", remote: "/r", target: "main", onLoss: "wait" };
  await town.write(setFields(derivedUid("rig", "alpha"), { "gt.rig": rig }));
  expect((await reasons())[0]).toContain("`gt rig update alpha --on-loss replace` lets another");
});

test("of a bead that is handed off it is said where to, before and after its release", async () => {
  const { town, call, id, uid, reasons } = await claimed();
  await town.write(createBead({ uid: "b", id: "hq-b", title: "vm-b", ...machineB }));
  await call("handOffBead", { id, machine: "vm-b" });
  expect((await reasons())[0]).toBe("it is being handed off to vm-b by overseer");
  await town.write(releaseBead(uid, "1.1", "handed off"));
  expect((await reasons())[0]).toBe("it is being handed off to vm-b by overseer");
  await expect(call("handOffBead", { id, machine: "vm-b" })).rejects.toThrow(
    "it is being handed off to vm-b by overseer; the next claim goes there already",
  );
});

test("a bead that was slung to one machine leaves it only by name, and that is said", async () => {
  const { town, call, id, reasons } = await claimed();
  await town.write(createBead({ uid: "b", id: "hq-b", title: "vm-b", ...machineB }));
  const { uid = "" } = (await call("getBead", { id })).bead ?? {};
  await town.write(setFields(uid, { "gt.sling": { runtime: "patch", machine: "vm-a" } }));
  await expect(call("handOffBead", { id })).rejects.toThrow("slung to vm-a alone: name the other");
  await call("handOffBead", { id, machine: "vm-b" });
  expect((await reasons())[0]).toContain("which overrides that it was slung to vm-a");
});

test("of a bead that a worker gave up it is said who did so, and in what words", async () => {
  const { town, call, id, uid, reasons } = await claimed();
  const exit = { kind: "ESCALATE", epoch: "1.1.0", summary: "no such file" };
  await town.write(
    setFields(uid, { "gt.exit": exit }),
    releaseBead(uid, "1.1", "no such file", "ESCALATE"),
    setFields(uid, { status: "deferred" }),
  );
  const next = `gt sling ${id} has it tried again, gt close ${id} gives it up`;
  expect(await reasons()).toEqual([
    expect.stringMatching(`^deferred at .*Z by ${nux}: ESCALATE: no such file$`),
    next,
  ]);
  await call("addComment", { id, text: "It is\nthere now." });
  expect((await reasons())[1]).toBe("last comment, by overseer: It is there now.");
});

test("of a rejected bead the last reason is told; put aside by hand, who did it", async () => {
  const { town, call, id, uid, reasons } = await claimed();
  const merge = {
    ...{ rig: "alpha", branch: "b", commit: "c", target: "main", epoch: "1.1", worker: nux },
  };
  const fields = { "gt.work": uid, "gt.merge": merge, "gt.reason": "gate test failed" };
  await town.write(
    createBead({ uid: "mr", id: `${id}.mr`, title: "m", issueType: "merge-request", fields }),
    closeBead("mr", { close: "r", kind: "rejected", reason: "gate test failed" }),
    releaseBead(uid, "1.1", "rejected", "REJECTED"),
    setFields(uid, { "gt.rejections": 3, status: "deferred" }),
  );
  expect((await reasons())[0]).toMatch(/by town after 3 rejections: gate test failed$/);
  await call("slingBead", { id });
  await call("updateBead", {
    bead: { id, status: "deferred" },
    updateMask: create(FieldMaskSchema, { paths: ["status"] }),
  });
  expect((await reasons())[0]).toMatch(/^deferred at .*Z by overseer$/);
});

test("of what landed it is said as what, where, when and by whom", async () => {
  const { town, uid, id, reasons } = await claimed();
  const merge = {
    ...{ rig: "alpha", branch: "b", commit: "c", target: "trunk", epoch: "1.1", worker: nux },
  };
  const fields = { "gt.work": uid, "gt.merge": merge };
  const commit = "0123456789abcdef0123456789abcdef01234567";
  await town.write(
    createBead({ uid: "mr", id: `${id}.mr`, title: "m", issueType: "merge-request", fields }),
    closeBead(uid, { close: `merged:mr:${commit}`, kind: "merged", reason: "landed", commit }),
  );
  expect(await reasons()).toEqual([
    expect.stringMatching(`^landed as 0123456789ab on trunk at .*Z by ${nux}$`),
  ]);
});
