import { create } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { BeadSchema } from "#proto/gastown/v1/bead_pb.ts";
import { createBead } from "#services/ledger/drafts.ts";
import { scratchTown } from "../scratch-town.ts";
import { clientOf, failure, file } from "./scratch-client.ts";

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

test("a status, type or rig that nobody knows is refused, in a filter and in a bead", async () => {
  const town = await scratchTown();
  const call = clientOf(town);
  const id = await file(call, {});
  const wrong = async (filter: string) => (await failure(call("listBeads", { filter }))).message;
  expect(await wrong("status = nonsense")).toMatch(
    /no status nonsense; there are: blocked, closed/,
  );
  expect(await wrong("NOT (type = epci OR priority > 2)")).toMatch(/no type epci; .*epic/);
  expect(await wrong("rig = gamma")).toContain("no rig gamma; there are: alpha, beta");
  const filed = await failure(call("createBead", { title: "x", issueType: "epci" }));
  expect(filed.message).toMatch(/^issue_type: must be one of task, bug, feature, epic/);
  const bogus = { bead: create(BeadSchema, { id, status: "bogus" }), updateMask: mask("status") };
  expect((await failure(call("updateBead", bogus))).message).toMatch(
    /must be one of open, .*deferred/,
  );
  // What an import brought is known, and may be sent back as it was read.
  await town.write(createBead({ uid: "u", id: "alpha-old", title: "x", status: "triage" }));
  const kept = await call("listBeads", { filter: "status = triage" });
  expect(kept.beads?.map((bead) => bead.id)).toEqual(["alpha-old"]);
  const bead = create(BeadSchema, { id: "alpha-old", status: "triage", title: "y" });
  const sent = await call("updateBead", { bead, updateMask: mask("status", "title") });
  expect(sent.bead).toMatchObject({ status: "triage", title: "y" });
});

test("a type finds work, not the steps that bear it", async () => {
  const town = await scratchTown();
  const call = clientOf(town);
  const id = await file(call, {});
  const fields = { "gt.molecule": "root" };
  await town.write(createBead({ uid: "s", id: `${id}.mol.load`, title: "x", fields }));
  const list = async (filter: string) =>
    (await call("listBeads", { filter })).beads?.map((bead) => bead.id);
  expect(await list("type = task")).toEqual([id]);
  expect(await list("type = task AND work = false")).toEqual([`${id}.mol.load`]);
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
