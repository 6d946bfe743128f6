import { expect, test } from "vitest";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { claimBead, createBead, setFields } from "#services/ledger/drafts.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { scratchAudit } from "./scratch-audit.ts";

const task = (id: string) =>
  createBead({ uid: `uid-${id}`, id: `alpha-${id}`, title: `Title of ${id}` });
const worker = { machine: "vm-a", polecat: "rigs/alpha/polecats/nux" };

async function scratch() {
  const town = await scratchAudit();
  const entries = async (filter: string, more: { pageSize?: number; orderBy?: string } = {}) => {
    const all = [];
    let pageToken = "";
    do {
      const page = await town.ask("listAuditEntries", { filter, pageToken, ...more });
      all.push(...(page.entries ?? []));
      pageToken = page.nextPageToken ?? "";
    } while (pageToken !== "");
    return all;
  };
  return { ...town, entries };
}

test("each change has exactly one entry, which names its principal", async () => {
  const town = await scratch();
  await town.ledger.append("ann", [task("a")]);
  await town.ledger.append("rigs/alpha/authority", [claimBead("uid-a", "1.1", worker)]);
  await town.ledger.append("ann", [setFields("uid-a", { priority: 0 })]);
  const all = await town.entries("", { pageSize: 2 });
  expect(all).toHaveLength(town.ledger.log().length);
  expect(new Set(all.map(({ hash }) => hash)).size).toBe(all.length);
  expect(all.slice(-3)).toMatchObject([
    { actor: "ann", bead: "alpha-a", kind: "created", summary: "Title of a", machine: "town" },
    { actor: "rigs/alpha/authority", kind: "claimed", epoch: "1.1", late: false },
    {
      actor: "ann",
      operation: "set",
      changes: [
        {
          field: "priority",
          before: { kind: { case: "numberValue", value: 2 } },
          after: { kind: { case: "numberValue", value: 0 } },
        },
      ],
    },
  ]);
});

test("entries are found by who, where, what, which and when", async () => {
  const town = await scratch();
  await town.ledger.append("ann", [task("a"), task("b")]);
  town.pass(86_400_000);
  await town.ledger.append("bob", [setFields("uid-a", { priority: 0 })]);
  const far = await openLedger({
    dir: "/far",
    machine: "vm-b",
    disk: new MemoryDisk(),
    nowMs: town.nowMs,
  });
  const events = await far.append("ann", [setFields("uid-b", { priority: 1 })]);
  town.ledger.receive(
    events.map(({ line }) => line),
    "vm-b",
  );
  const found = async (filter: string) =>
    (await town.entries(filter)).map(({ actor, bead, kind }) => `${actor} ${kind} ${bead}`);
  expect(await found("actor = bob")).toEqual(["bob updated alpha-a"]);
  expect(await found("machine = vm-b")).toEqual(["ann updated alpha-b"]);
  expect(await found("bead = alpha-b")).toEqual(["ann created alpha-b", "ann updated alpha-b"]);
  expect(await found("bead = uid-b kind = created")).toEqual(["ann created alpha-b"]);
  expect(await found("time >= 2026-01-02")).toEqual(["bob updated alpha-a", "ann updated alpha-b"]);
  expect(await found("actor = ann time < 2026-01-02")).toHaveLength(2);
  await expect(town.entries("status = open")).rejects.toMatchObject({ reason: "invalid" });
  await expect(town.entries("", { orderBy: "actor" })).rejects.toMatchObject({ reason: "invalid" });
});

test("the newest come first when asked, in pages that meet", async () => {
  const town = await scratch();
  await town.write(...Array.from({ length: 7 }, (_, n) => task(`n${n}`)));
  const forward = await town.entries("kind = created", { pageSize: 3 });
  const back = await town.entries("kind = created", { pageSize: 3, orderBy: "time desc" });
  expect(back.map(({ hash }) => hash)).toEqual(forward.map(({ hash }) => hash).reverse());
  expect(back[0]?.bead).toBe("alpha-n6");
});

test("two events under one number are two entries, on whatever page", async () => {
  const town = await scratch();
  const random = () => "cloned00";
  const lines: string[] = [];
  for (const id of ["a", "b"]) {
    const options = { dir: "/j", machine: "vm-b", disk: new MemoryDisk(), nowMs: () => 5, random };
    const events = await (await openLedger(options)).append("ann", [task(id)]);
    lines.push(...events.map(({ line }) => line));
  }
  town.ledger.receive(lines, "vm-b");
  for (const orderBy of ["time", "time desc"]) {
    const found = await town.entries("actor = ann", { pageSize: 1, orderBy });
    expect(found.map(({ bead }) => bead).sort()).toEqual(["alpha-a", "alpha-b"]);
  }
});

test("a bead's history is paged, oldest first, under any of its names", async () => {
  const town = await scratch();
  await town.write(task("a"), setFields("uid-a", { title: "B" }), setFields("uid-a", { x: 1 }));
  const first = await town.ask("listBeadHistory", { id: "alpha-a", pageSize: 2 });
  expect(first.entries?.map(({ kind }) => kind)).toEqual(["created", "updated"]);
  const pageToken = first.nextPageToken ?? "";
  const rest = await town.ask("listBeadHistory", { id: "uid-a", pageSize: 2, pageToken });
  expect(rest.entries).toMatchObject([{ changes: [{ field: "x" }], sequence: 6n }]);
  expect(rest.nextPageToken).toBe("");
  await expect(town.ask("listBeadHistory", { id: "alpha-z" })).rejects.toMatchObject({
    reason: "not_found",
  });
});
