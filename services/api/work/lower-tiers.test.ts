import { expect, test } from "vitest";
import { claimBead, closeBead, createBead, releaseBead } from "#services/ledger/drafts.ts";
import { moveDown } from "#services/ledger/move-down.ts";
import { tierAges } from "#services/ledger/tiering.ts";
import { digestField, slingField, workField } from "#services/ledger/work-fields.ts";
import { gather } from "#services/scheduler/gather.ts";
import { plan } from "#services/scheduler/plan.ts";
import { scratchAudit } from "../audit/scratch-audit.ts";
import { scratchTown } from "../scratch-town.ts";
import { clientOf, failure, file } from "./scratch-client.ts";

const dayMs = 86_400_000;
const nux = "rigs/alpha/polecats/nux";
const { signal } = new AbortController();

/** A town whose ended beads leave memory. */
async function scratch() {
  const town = await scratchTown("town", ":memory:");
  const call = clientOf(town);
  const { ledger, nowMs } = town;
  const list = async (filter: string) => {
    const { beads } = await call("listBeads", { filter });
    return beads?.map(({ id }) => id).sort();
  };
  return {
    ...{ town, call, list },
    /** Let days pass, and what is old go down. */
    age: async (days: number) => {
      town.pass(days * dayMs);
      await moveDown(ledger, { ...tierAges, nowMs: nowMs(), actor: "deacon", signal });
      await ledger.checkpoint();
    },
    /** A bead that nux worked on and somebody closed. */
    done: async (title: string, more: object = {}) => {
      const id = await file(call, { title, ...more });
      const uid = ledger.world.bead(id)?.uid ?? "";
      const claim = { machine: "vm-a", polecat: nux };
      await town.write(claimBead(uid, "1.1", claim), releaseBead(uid, "1.1", "over", "blocked"));
      await call("closeBead", { id, reason: "done" });
      return id;
    },
  };
}

test("what is archived is shown, searched and listed, and where it is kept is said", async () => {
  const { town, call, list, age, done } = await scratch();
  const old = await done("Old login");
  await age(190);
  const recent = await done("Recent login");
  await age(40);
  const late = await done("Late login");
  const open = await file(call, { title: "Open login" });
  expect([...town.ledger.world.all()].map(({ id }) => id)).not.toContain(old);
  const tiers = await Promise.all(
    [old, recent, late].map(async (id) => (await call("getBead", { id })).bead?.tier),
  );
  expect(tiers).toEqual(["archive", "recent", "active"]);
  const found = await call("searchBeads", { query: "login", all: true });
  expect(found.hits?.map(({ bead }) => [bead?.id, bead?.tier]).sort()).toEqual(
    [
      ...[
        [old, "archive"],
        [recent, "recent"],
        [late, "active"],
        [open, "active"],
      ],
    ].sort(),
  );
  expect((await call("searchBeads", { query: "login" })).hits).toHaveLength(1);
  expect(await list("status = closed")).toEqual([old, recent, late].sort());
  expect(await list("title:login")).toEqual([old, recent, late, open].sort());
  expect(await list("tier = archive")).toEqual([old]);
  expect(await list("tier = recent OR tier = active AND title:login")).toEqual(
    [recent, late, open].sort(),
  );
  expect(await list("tier != archive AND status = closed")).toEqual([recent, late].sort());
  expect((await failure(call("listBeads", { filter: "tier = cellar" }))).message).toContain(
    "there are: active, archive, recent",
  );
});

test("who asks for open work alone reads nothing of what is archived", async () => {
  const { town, call, age, done } = await scratch();
  await done("Old");
  await age(190);
  await file(call, { title: "Open" });
  const { world } = town.ledger;
  const refused = new Set<string | symbol>(["inTier", "everywhere", "everyOfType", "found"]);
  const watched = new Proxy(world, {
    get: (beads, name) => {
      const method: unknown = Reflect.get(beads, name, beads);
      if (refused.has(name)) return () => expect.fail(`${String(name)} was asked`);
      return typeof method === "function" ? method.bind(beads) : method;
    },
  });
  const asked = clientOf({ ...town, ledger: { ...town.ledger, world: watched } });
  for (const filter of ["", "status = open", "status != closed AND title:open", "machine = vm-a"]) {
    await expect(asked("listBeads", { filter })).resolves.toBeDefined();
  }
});

test("pages that follow read what is archived once, and see what changed", async () => {
  const { town, age, done } = await scratch();
  const ids: string[] = [];
  for (let n = 0; n < 6; n += 1) ids.push(await done(`Old ${n}`));
  ids.sort();
  await age(190);
  const { world } = town.ledger;
  let walks = 0;
  const watched = new Proxy(world, {
    get: (beads, name) => {
      const method: unknown = Reflect.get(beads, name, beads);
      if (name === "inTier") walks += 1;
      return typeof method === "function" ? method.bind(beads) : method;
    },
  });
  const call = clientOf({ ...town, ledger: { ...town.ledger, world: watched } });
  const page = async (pageToken = "") => {
    const filter = "title:old AND status = closed";
    const { beads, nextPageToken } = await call("listBeads", { filter, pageSize: 2, pageToken });
    return { ids: beads?.map(({ id }) => id), next: nextPageToken };
  };
  const first = await page();
  const before = walks;
  const second = await page(first.next);
  expect(walks).toBe(before);
  expect([first.ids, second.ids].flat()).toEqual(ids.slice(0, 4));
  await call("reopenBead", { id: ids[5] ?? "", reason: "again" });
  expect(await page(second.next)).toEqual({ ids: [ids[4]], next: "" });
});

test("an archived bead opens again, is at hand, and is dispatched once more", async () => {
  const { town, call, age, done } = await scratch();
  const id = await done("Old");
  await age(190);
  const { bead } = await call("reopenBead", { id, reason: "it came back" });
  expect(bead).toMatchObject({ id, status: "open", tier: "active", ready: true });
  await call("slingBead", { id, runtime: "shell", command: "true" });
  const { world } = town.ledger;
  const { candidates, seats, limits } = gather(
    world,
    { rig: () => true, isHeard: () => true },
    town.nowMs(),
  );
  const { placed } = plan(candidates, seats, limits);
  expect(placed).toMatchObject([{ uid: bead?.uid, machine: "vm-a" }]);
  await town.write(claimBead(bead?.uid ?? "", "1.2", { machine: "vm-a", polecat: nux }));
  await age(400);
  expect(world.bead(id)).toMatchObject({ status: "in_progress", tier: "active" });
  expect(slingField.read(world.bead(id) ?? expect.fail())).toBeDefined();
});

test("a tree, a history and the record are whole, whatever tier their parts are in", async () => {
  const { town, call, age, done } = await scratch();
  const epic = await file(call, { title: "All of it", issueType: "epic" });
  const id = await done("A part", { parent: epic });
  const work = town.ledger.world.bead(id)?.uid ?? "";
  const digest = {
    ...{ bead: id, worker: nux, machine: "vm-a", epoch: "1.2", exit: "COMPLETED", commit: "c" },
    ...{ startedAt: "2026-01-01T00:00:00Z", endedAt: "2026-01-01T01:00:00Z", elapsedMs: 3_600_000 },
    steps: [],
  };
  const fields = { [workField.name]: work, [digestField.name]: digest };
  const event = { issueType: "event", title: "COMPLETED", labels: ["digest"], fields };
  await town.write(
    createBead({ uid: "digest", id: `${id}.digest`, ...event }),
    closeBead("digest", { close: "digest", reason: "recorded", kind: "done" }),
  );
  await call("closeBead", { id: epic, reason: "done" });
  const before = await record();
  await age(190);
  expect(town.ledger.world.bead("digest")?.tier).toBe("archive");
  const after = await record();
  expect(after.record).toEqual(before.record);
  expect(after.stats).toEqual(before.stats);
  expect(after.children).toEqual([id]);
  expect(after.history).toEqual([...(before.history ?? []), "tier"]);
  expect(after.audited).toEqual([...(before.audited ?? []), "tier"]);

  async function record() {
    const { ask } = await scratchAudit(town);
    const { root } = await call("getBeadTree", { id: epic });
    const history = await ask("listBeadHistory", { id });
    const audit = await ask("listAuditEntries", { filter: `bead = "${id}"` });
    return {
      ...(await ask("getAgentRecord", { name: "nux" })),
      stats: await ask("getStats", {}),
      children: root?.children?.map(({ bead }) => bead?.id),
      history: history.entries?.map(({ operation }) => operation),
      audited: audit.entries?.map(({ operation }) => operation),
    };
  }
});
