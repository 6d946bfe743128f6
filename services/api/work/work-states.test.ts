import { expect, test } from "vitest";
import { claimBead, createBead, setFields } from "#services/ledger/drafts.ts";
import { scratchTown } from "../scratch-town.ts";
import { clientOf, failure, file } from "./scratch-client.ts";

test("a bead closes and opens again, and a held one does neither", async () => {
  const town = await scratchTown();
  const call = clientOf(town);
  const id = await file(call, {});
  const closed = await call("closeBead", { id, reason: "not needed" });
  expect(closed.bead).toMatchObject({ status: "closed", closeReason: "not needed", blockedBy: [] });
  expect((await failure(call("closeBead", { id }))).message).toContain("closed already");
  const open = await call("reopenBead", { id, reason: "it is" });
  expect(open.bead).toMatchObject({ status: "open", ready: true });
  expect((await failure(call("reopenBead", { id }))).reason).toBe("state");
  const uid = open.bead?.uid ?? "";
  await town.write(claimBead(uid, "1.1", { machine: "vm-a", polecat: "rigs/alpha/polecats/nux" }));
  const held = await failure(call("closeBead", { id }));
  expect(held).toMatchObject({ reason: "state", violations: [{ field: id }] });
  expect(held.message).toContain("held by rigs/alpha/polecats/nux on vm-a");
});

test("a bead with a live merge request does not close by hand", async () => {
  const town = await scratchTown();
  const call = clientOf(town);
  const { bead } = await call("createBead", { title: "x", rig: "alpha" });
  const fields = { "gt.work": bead?.uid ?? "" };
  const id = `${bead?.id}.mr-1-1`;
  await town.write(createBead({ uid: "mr", id, title: "m", issueType: "merge-request", fields }));
  const error = await failure(call("closeBead", { id: bead?.id ?? "" }));
  expect(error.message).toContain(`has a merge request that has not landed yet: ${id}`);
  expect((await failure(call("closeBead", { id }))).reason).toBe("state");
});

test("a dependency that closes a cycle is refused and shown", async () => {
  const call = clientOf(await scratchTown());
  const a = await file(call, {});
  const b = await file(call, { dependencies: [{ dependsOnId: a }] });
  const c = await file(call, { dependencies: [{ dependsOnId: b }] });
  const error = await failure(call("addDependency", { id: a, dependency: { dependsOnId: c } }));
  expect(error.reason).toBe("state");
  expect(error.message).toContain(`${a} → ${c} → ${b} → ${a}`);
  const self = await failure(call("addDependency", { id: a, dependency: { dependsOnId: a } }));
  expect(self.message).toContain(`${a} → ${a}`);
  const related = await call("addDependency", {
    id: a,
    dependency: { dependsOnId: c, type: "related" },
  });
  expect(related.bead?.dependencies).toHaveLength(1);
});

test("dependencies are removed by target, and only those that are there", async () => {
  const call = clientOf(await scratchTown());
  const a = await file(call, {});
  const b = await file(call, {
    dependencies: [{ dependsOnId: a }, { dependsOnId: a, type: "related" }],
  });
  const { bead } = await call("removeDependency", { id: b, dependsOnId: a, type: "blocks" });
  expect(bead?.dependencies).toMatchObject([{ type: "related" }]);
  expect(bead?.ready).toBe(true);
  const error = await failure(call("removeDependency", { id: b, dependsOnId: a, type: "blocks" }));
  expect(error.message).toBe(`${b} has no blocks edge to ${a}`);
});

test("a bead has one parent", async () => {
  const call = clientOf(await scratchTown());
  const one = await file(call, { issueType: "epic" });
  const two = await file(call, { issueType: "epic" });
  const child = await file(call, { parent: one, rig: "" });
  const dependency = { dependsOnId: two, type: "parent-child" };
  expect((await failure(call("addDependency", { id: child, dependency }))).message).toContain(one);
});

test("a remark is made once, in its author's name", async () => {
  const town = await scratchTown();
  const call = clientOf(town);
  const id = await file(call, {});
  const context = town.by("ann", "remark");
  await call("addComment", { id, text: "soon" }, context);
  const { bead } = await call("addComment", { id, text: "soon" }, context);
  expect(bead?.comments).toMatchObject([{ author: "ann", text: "soon" }]);
});

test("a sling is noted, with why nothing happens yet", async () => {
  const call = clientOf(await scratchTown());
  const a = await file(call, {});
  const b = await file(call, { dependencies: [{ dependsOnId: a }] });
  const asked = await call("slingBead", { id: b, runtime: "shell", command: "./fix" });
  expect(asked.bead?.metadata).toEqual({
    gt: { sling: { runtime: "shell", command: "./fix", by: "overseer" } },
  });
  expect(asked.placement).toMatchObject({ reasons: [`waits for ${a}, which is open`] });
  const explained = await call("explainBead", { id: a });
  expect(explained.placement).toMatchObject({
    reasons: [`nobody has asked for it yet: gt sling ${a}`],
  });
  const ready = await call("slingBead", { id: a, runtime: "patch" });
  expect(ready.placement?.reasons?.[0]).toMatch(/it is ready/);
});

test("a sling that could lead to nothing is refused", async () => {
  const call = clientOf(await scratchTown());
  const id = await file(call, {});
  const town = await file(call, { rig: "" });
  expect((await failure(call("slingBead", { id, runtime: "shell" }))).violations).toEqual([
    { field: "command", description: "the shell runtime needs one" },
  ]);
  expect((await failure(call("slingBead", { id, machine: "vm-z" }))).message).toContain("vm-a");
  expect((await failure(call("slingBead", { id: town }))).message).toContain("belongs to no rig");
  await call("closeBead", { id });
  expect((await failure(call("slingBead", { id }))).message).toContain("is closed");
});

test("an epic is slung when each part can be worked on; it takes up what was aside", async () => {
  const town = await scratchTown();
  const call = clientOf(town);
  const epic = await file(call, { issueType: "epic", rig: "" });
  const metadata = { gt: { patch: "diff" } };
  const a = (await call("createBead", { title: "a", parent: epic, rig: "alpha", metadata })).bead;
  const b = (await call("createBead", { title: "b", parent: epic, rig: "beta" })).bead;
  const no = await failure(call("slingBead", { id: epic }));
  expect(no).toMatchObject({ reason: "state" });
  expect(no.message).toMatch(new RegExp(`^${b?.id} has no patch, and no runtime is known`));
  const odd = await failure(call("slingBead", { id: epic, runtime: "bash", command: "x" }));
  expect(odd.message).toBe("no runtime bash; there are patch, shell");
  await town.write(setFields(a?.uid ?? "", { status: "deferred" }));
  const slung = await call("slingBead", { id: epic, runtime: "shell", command: "make" });
  expect(slung.placement?.reasons?.slice(0, 2)).toEqual([
    "2 open beads below it are slung",
    `open again: ${a?.id}`,
  ]);
  expect((await call("getBead", { id: a?.id ?? "" })).bead?.status).toBe("open");
  // Once more without a word on how: as before.
  await call("slingBead", { id: epic });
  const { world } = town.ledger;
  expect(world.bead(epic)?.fields["gt.sling"]).toMatchObject({ runtime: "shell", command: "make" });
});

test("a tree shows who works where on what", async () => {
  const town = await scratchTown();
  const call = clientOf(town);
  const epic = await file(call, { issueType: "epic", rig: "" });
  const { bead } = await call("createBead", { title: "part", parent: epic, rig: "alpha" });
  const uid = bead?.uid ?? "";
  await town.write(claimBead(uid, "1.1", { machine: "vm-a", polecat: "rigs/alpha/polecats/nux" }));
  const work = { "gt.work": uid };
  await town.write(
    createBead({ uid: "root", id: "alpha-m", title: "m", issueType: "molecule", fields: work }),
    createBead({
      uid: "step",
      id: "alpha-m.implement",
      title: "s",
      fields: { ...work, "gt.molecule": "root", "gt.step": "implement", "gt.order": 0 },
      edges: [{ to: "root", type: "parent-child" }],
    }),
  );
  const { root } = await call("getBeadTree", { id: epic });
  expect(root?.bead?.id).toBe(epic);
  expect(root?.startTime).toBeDefined();
  expect(root?.children).toHaveLength(1);
  expect(root?.children?.[0]).toMatchObject({
    bead: { status: "in_progress", claim: { machine: "vm-a", epoch: "1.1" } },
    step: "implement",
    mergeState: "",
    children: [],
  });
});
