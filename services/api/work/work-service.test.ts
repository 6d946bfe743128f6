import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { BeadSchema } from "#proto/gastown/v1/bead_pb.ts";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { claimBead, createBead } from "#services/ledger/drafts.ts";
import { isTownError, type TownError } from "#services/rpc/town-error.ts";
import { type ScratchTown, scratchTown } from "../scratch-town.ts";
import { workService } from "./work-service.ts";

const { method } = WorkService;

/** The service, called as a client would: with plain messages. */
function clientOf(town: ScratchTown) {
  const service = workService(town);
  type Name = keyof typeof service & keyof typeof method;
  type Init<N extends Name> = MessageInitShape<(typeof method)[N]["input"]>;
  return async <N extends Name>(name: N, init: Init<N>, context = town.by()) => {
    const request = create(method[name].input, init as never);
    const call = service[name] as (r: unknown, c: unknown) => ReturnType<(typeof service)[N]>;
    return call(request, context);
  };
}

async function failure(promise: Promise<unknown>): Promise<TownError> {
  try {
    await promise;
  } catch (error) {
    if (isTownError(error)) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

async function file(call: ReturnType<typeof clientOf>, init: object): Promise<string> {
  const { bead } = await call("createBead", { title: "x", rig: "alpha", ...init });
  return bead?.id ?? "";
}

const mask = (...paths: string[]) => create(FieldMaskSchema, { paths });

test("a bead is filed with what was given, in its rig", async () => {
  const town = await scratchTown();
  const call = clientOf(town);
  const needed = await file(call, { title: "First" });
  const { bead } = await call("createBead", {
    rig: "alpha",
    title: " Greet ",
    description: "by name",
    issueType: "bug",
    priority: 0,
    labels: ["ui"],
    dependencies: [{ dependsOnId: needed }],
    metadata: { team: "x", gt: { patch: "diff" } },
  });
  expect(bead).toMatchObject({
    title: "Greet",
    description: "by name",
    issueType: "bug",
    priority: 0,
    status: "open",
    rig: "alpha",
    labels: ["ui"],
    createdBy: "overseer",
    metadata: { team: "x", gt: { patch: "diff" } },
    ready: false,
    blockedBy: [`waits for ${needed}, which is open`],
  });
  expect(bead?.id).toMatch(/^alpha-[a-z0-9]{4}$/);
  expect(bead?.dependencies).toMatchObject([{ dependsOnId: needed, type: "blocks" }]);
});

test("a child takes its parent's name with a suffix; in another rig it has its own", async () => {
  const call = clientOf(await scratchTown());
  const epic = await file(call, { issueType: "epic", rig: "" });
  expect(epic).toMatch(/^hq-/);
  const child = await call("createBead", { title: "part", parent: epic });
  expect(child.bead?.id).toMatch(new RegExp(`^${epic}\\.[a-z0-9]{3,4}$`));
  const other = await call("createBead", { title: "part", parent: epic, rig: "beta" });
  expect(other.bead).toMatchObject({ parent: epic, rig: "beta" });
  expect(other.bead?.id).toMatch(/^beta-/);
});

test("everything that is wrong with a request is named at once", async () => {
  const call = clientOf(await scratchTown());
  const error = await failure(
    call("createBead", {
      title: " ",
      priority: 7,
      issueType: "merge-request",
      dependencies: [{ dependsOnId: "" }],
    }),
  );
  expect(error.reason).toBe("invalid");
  expect(error.violations.map(({ field }) => field).sort()).toEqual([
    ...["dependencies[0].depends_on_id", "issue_type", "priority", "title"],
  ]);
});

test("what the town writes itself cannot be given", async () => {
  const call = clientOf(await scratchTown());
  const metadata = { gt: { placement: { machine: "vm-a" }, note: "mine" } };
  const error = await failure(call("createBead", { title: "x", metadata }));
  expect(error.violations).toEqual([
    { field: "metadata.gt.placement", description: "is written by the town itself" },
  ]);
});

test("the same request is one bead, at any endpoint; another under its id is refused", async () => {
  const [one, two] = [await scratchTown("vm-a"), await scratchTown("vm-b")];
  const context = one.by("overseer", "once");
  const first = await clientOf(one)("createBead", { title: "x", rig: "alpha" }, context);
  const [again, elsewhere] = await Promise.all([
    clientOf(one)("createBead", { title: "x", rig: "alpha" }, context),
    clientOf(two)("createBead", { title: "x", rig: "alpha" }, context),
  ]);
  expect(again.bead?.uid).toBe(first.bead?.uid);
  expect(elsewhere.bead).toMatchObject({ uid: first.bead?.uid, id: first.bead?.id });
  const error = await failure(clientOf(one)("createBead", { title: "y", rig: "alpha" }, context));
  expect(error).toMatchObject({ reason: "invalid", violations: [{ field: "request_id" }] });
  const other = await failure(clientOf(one)("closeBead", { id: first.bead?.id ?? "" }, context));
  expect(other.reason).toBe("invalid");
});

test("two callers' request ids do not meet", async () => {
  const town = await scratchTown();
  const call = clientOf(town);
  const one = await call("createBead", { title: "x" }, town.by("ann", "1"));
  const two = await call("createBead", { title: "x" }, town.by("bob", "1"));
  expect(one.bead?.uid).not.toBe(two.bead?.uid);
});

test("an unknown id names the nearest ones", async () => {
  const town = await scratchTown();
  const call = clientOf(town);
  await town.write(createBead({ uid: "u", id: "alpha-k3f9", title: "x" }));
  const error = await failure(call("getBead", { id: "alpha-k3f8" }));
  expect(error).toMatchObject({
    reason: "not_found",
    resource: { type: "bead", name: "alpha-k3f8" },
  });
  expect(error.message).toContain("did you mean alpha-k3f9?");
  expect((await failure(call("getBead", { id: "k3f9" }))).message).toContain("alpha-k3f9");
  expect((await failure(call("createBead", { title: "x", rig: "gamma" }))).message).toBe(
    "no rig gamma; there are: alpha, beta",
  );
});

test("a list is cut into pages that beads in between do not disturb", async () => {
  const call = clientOf(await scratchTown());
  const ids = [];
  for (let count = 0; count < 5; count += 1) ids.push(await file(call, { title: `n${count}` }));
  ids.sort();
  const first = await call("listBeads", { pageSize: 2 });
  expect(first.beads?.map(({ id }) => id)).toEqual(ids.slice(0, 2));
  expect(first.totalSize).toBe(5);
  await call("closeBead", { id: ids[0] ?? "" });
  const pageToken = first.nextPageToken ?? "";
  const second = await call("listBeads", { pageSize: 3, pageToken });
  expect(second.beads?.map(({ id }) => id)).toEqual(ids.slice(2));
  expect(second.nextPageToken).toBe("");
  expect(
    (await failure(call("listBeads", { filter: "rig = alpha", pageToken }))).violations,
  ).toEqual([{ field: "page_token", description: "is of another query" }]);
  expect((await failure(call("listBeads", { pageToken: "no" }))).reason).toBe("invalid");
});

test("a filter sees every field, and without one only open work is listed", async () => {
  const call = clientOf(await scratchTown());
  const epic = await file(call, { issueType: "epic" });
  const bug = await file(call, { issueType: "bug", parent: epic, labels: ["ui"], rig: "" });
  const done = await file(call, { rig: "beta" });
  await call("closeBead", { id: done });
  const list = async (filter: string) => {
    const { beads = [] } = await call("listBeads", { filter });
    return beads.map(({ id }) => id).sort();
  };
  expect(await list("")).toEqual([epic, bug].sort());
  expect(await list("status = closed")).toEqual([done]);
  expect(await list(`parent = ${epic} AND label:ui AND type = bug AND rig = alpha`)).toEqual([bug]);
  expect(await list("type = rig")).toEqual(["hq-rig-alpha", "hq-rig-beta"]);
  expect((await failure(call("listBeads", { filter: "statsu = open" }))).message).toMatch(
    /position 1: no field "statsu"/,
  );
});

test("ready beads come by urgency, a page at a time", async () => {
  const call = clientOf(await scratchTown());
  const low = await file(call, { priority: 4 });
  const high = await file(call, { priority: 0 });
  const waits = await file(call, { dependencies: [{ dependsOnId: low }] });
  const other = await file(call, { rig: "beta" });
  const first = await call("listReadyBeads", { pageSize: 2 });
  expect(first.beads?.map(({ id }) => id)).toEqual([high, other]);
  const rest = await call("listReadyBeads", { pageSize: 2, pageToken: first.nextPageToken ?? "" });
  expect(rest.beads?.map(({ id }) => id)).toEqual([low]);
  expect(rest.beads?.map(({ id }) => id)).not.toContain(waits);
  expect((await call("listReadyBeads", { rig: "beta" })).beads?.map(({ id }) => id)).toEqual([
    other,
  ]);
});

test("an update changes what its mask names, and nothing else", async () => {
  const call = clientOf(await scratchTown());
  const id = await file(call, { description: "keep", labels: ["a", "b"], metadata: { team: "x" } });
  const changes = create(BeadSchema, {
    id,
    title: "New",
    description: "ignored",
    labels: ["b", "c"],
    metadata: { gt: { patch: "diff" } },
  });
  const { bead } = await call("updateBead", {
    bead: changes,
    updateMask: mask("title", "labels", "metadata"),
  });
  expect(bead).toMatchObject({ title: "New", description: "keep", labels: ["b", "c"] });
  expect(bead?.metadata).toEqual({ gt: { patch: "diff" } });
});

test("an update that cannot be is refused whole", async () => {
  const call = clientOf(await scratchTown());
  const id = await file(call, { title: "Old" });
  const bead = create(BeadSchema, { id, title: "New", status: "closed", priority: 9 });
  const error = await failure(
    call("updateBead", { bead, updateMask: mask("title", "status", "priority", "closed_by") }),
  );
  expect(error.violations.map(({ field }) => field)).toEqual([
    ...["bead.status", "bead.priority", "update_mask"],
  ]);
  expect((await call("getBead", { id })).bead?.title).toBe("Old");
  expect((await failure(call("updateBead", { bead }))).violations[0]?.field).toBe("update_mask");
});

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
  const ready = await call("slingBead", { id: a });
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
