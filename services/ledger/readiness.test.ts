import { expect, test } from "vitest";
import { MemoryDisk } from "./disk-memory.ts";
import {
  addEdges,
  claimBead,
  closeBead,
  createBead,
  type NewBead,
  releaseBead,
  setFields,
  tombstone,
} from "./drafts.ts";
import type { Draft } from "./event.ts";
import { openLedger } from "./ledger.ts";
import {
  blockedBy,
  isReady,
  isWork,
  judgeReadiness,
  openWork,
  readyBeads,
  slingOf,
} from "./readiness.ts";
import { sortByUrgency } from "./urgency.ts";

const nowMs = Date.parse("2026-01-01T00:00:00Z");
const rig = {
  ...{ uid: "rig", id: "hq-rig-alpha", title: "alpha", issueType: "rig" },
  fields: { "gt.rig": { name: "alpha", prefix: "alpha", remote: "/r", target: "main" } },
};

async function scratch(...drafts: readonly Draft[]) {
  let ms = nowMs;
  const options = { dir: "/j", machine: "town", disk: new MemoryDisk(), nowMs: () => ms };
  const ledger = await openLedger(options);
  await ledger.append("town", [createBead(rig), ...drafts]);
  const bead = (id: string) => {
    const found = ledger.world.bead(id);
    if (!found) throw new Error(`no ${id}`);
    return found;
  };
  return {
    ledger,
    bead,
    write: (...more: readonly Draft[]) => ledger.append("town", more),
    pass: (byMs: number) => {
      ms += byMs;
    },
    blocked: (id: string) => blockedBy(bead(id), ledger.world, nowMs),
    notes: (id: string) => judgeReadiness(ledger.world, nowMs)(bead(id)).notes,
    ready: (id: string) => isReady(bead(id), ledger.world, nowMs),
  };
}

function task(id: string, more: Partial<NewBead> = {}): Draft {
  return createBead({ uid: `uid-${id}`, id: `alpha-${id}`, title: id, ...more });
}

const needs = (id: string, type = "blocks", more = {}) => ({ to: `uid-${id}`, type, ...more });
const close = (id: string, reason = "done", kind = "done") =>
  closeBead(`uid-${id}`, { close: "c", kind, reason });

test("a bead waits for what blocks it until that is closed", async () => {
  const town = await scratch(task("a"), task("b", { edges: [needs("a")] }));
  expect(town.ready("alpha-a")).toBe(true);
  expect(town.blocked("alpha-b")).toEqual(["waits for alpha-a, which is open"]);
  await town.write(close("a"));
  expect(town.ready("alpha-b")).toBe(true);
});

test("a pinned or deleted target does not block", async () => {
  const town = await scratch(
    task("a", { status: "pinned" }),
    task("b"),
    tombstone("uid-b", "gone"),
    task("c", { edges: [needs("a"), needs("b")] }),
  );
  expect(town.blocked("alpha-c")).toEqual([]);
});

test("a child waits for what its parents wait for, at any depth", async () => {
  const town = await scratch(
    task("a"),
    task("epic", { issueType: "epic", edges: [needs("a")] }),
    task("sub", { issueType: "epic", edges: [needs("epic", "parent-child")] }),
    task("leaf", { edges: [needs("sub", "parent-child")] }),
  );
  expect(town.blocked("alpha-leaf")[0]).toMatch(
    /^its parent alpha-sub is blocked: .*alpha-epic.*waits for alpha-a/,
  );
  await town.write(close("a"));
  expect(town.ready("alpha-leaf")).toBe(true);
  expect(town.ready("alpha-epic")).toBe(false);
});

test("a date defers a bead and all below it; a status only itself", async () => {
  const until = "2026-01-02T00:00:00Z";
  const town = await scratch(
    task("epic", { issueType: "epic", fields: { defer_until: until } }),
    task("leaf", { edges: [needs("epic", "parent-child")] }),
    task("big", { status: "deferred" }),
    task("part", { edges: [needs("big", "parent-child")] }),
    task("past", { fields: { defer_until: "2025-12-31T00:00:00Z" } }),
  );
  expect(town.blocked("alpha-leaf")).toEqual([
    `its parent alpha-epic is blocked: deferred until ${until}`,
  ]);
  expect(town.blocked("alpha-big")).toEqual(["it is deferred"]);
  expect(town.ready("alpha-part")).toBe(true);
  expect(town.ready("alpha-past")).toBe(true);
});

test.for([
  { type: "blocks", id: "alpha-later", blocks: true },
  { type: "blocks", id: "hq-later", blocks: true },
  { type: "blocks", id: "gh-17", blocks: false },
])("a missing $id: blocks $blocks", async ({ type, id, blocks }) => {
  const town = await scratch(task("a", { edges: [{ to: id, type }] }));
  expect(town.ready("alpha-a")).toBe(!blocks);
  expect(town.blocked("alpha-a").join()).toBe(
    blocks ? `waits for ${id}, which has not arrived here yet` : "",
  );
  expect(town.notes("alpha-a")).toHaveLength(blocks ? 0 : 1);
});

test.for([
  { reason: "tests FAILED", kind: "done", ready: true },
  { reason: "wontfix", kind: "done", ready: true },
  { reason: "all good", kind: "done", ready: false },
  { reason: "fixes the error page", kind: "merged", ready: false },
])("a conditional target closed as $kind ($reason): ready $ready", async (closed) => {
  const edges = [needs("a", "conditional-blocks")];
  const town = await scratch(task("a"), task("b", { edges }));
  expect(town.blocked("alpha-b")).toEqual(["waits for alpha-a, which has not failed: it is open"]);
  await town.write(close("a", closed.reason, closed.kind));
  expect(town.ready("alpha-b")).toBe(closed.ready);
});

test("waits-for holds until all children are closed, those bonded later too", async () => {
  const town = await scratch(
    task("spawner"),
    task("join", { edges: [needs("spawner", "waits-for")] }),
  );
  expect(town.blocked("alpha-join")[0]).toMatch(/may get more children/);
  await town.write(task("one", { edges: [needs("spawner", "parent-child")] }), close("spawner"));
  expect(town.blocked("alpha-join")[0]).toMatch(/has 1 open of 1 children/);
  await town.write(close("one"));
  expect(town.ready("alpha-join")).toBe(true);
});

test("waits-for any child needs one of them, as Beads writes it", async () => {
  const any = needs("spawner", "waits-for", { metadata: '{"gate":"any-children"}' });
  const child = { edges: [needs("spawner", "parent-child")] };
  const town = await scratch(
    task("spawner"),
    task("join", { edges: [any] }),
    task("one", child),
    task("two", child),
  );
  expect(town.blocked("alpha-join")[0]).toMatch(/no closed child yet/);
  await town.write(close("two"));
  expect(town.ready("alpha-join")).toBe(true);
});

test("of a cycle the newest edge does not block, and says so", async () => {
  const town = await scratch(task("a"), task("b", { edges: [needs("a")] }));
  await town.write(addEdges("uid-a", [needs("b")]));
  expect(town.ready("alpha-a")).toBe(true);
  expect(town.notes("alpha-a")[0]).toMatch(/closes a cycle as its newest edge/);
  expect(town.blocked("alpha-b")).toEqual(["waits for alpha-a, which is open"]);
});

test("an epic that its own child waits for does not stop the child", async () => {
  const town = await scratch(
    task("epic", { issueType: "epic" }),
    task("leaf", { edges: [needs("epic", "parent-child"), needs("epic")] }),
  );
  expect(town.ready("alpha-leaf")).toBe(true);
});

test("parents in a circle end no walk", async () => {
  const town = await scratch(
    task("a", { edges: [needs("b", "parent-child")] }),
    task("b", { edges: [needs("a", "parent-child")] }),
  );
  expect(town.ready("alpha-a")).toBe(true);
});

test("a held bead is not ready, a released one is, one in the merge queue is not", async () => {
  const claim = { machine: "vm-a", polecat: "rigs/alpha/polecats/nux" };
  const town = await scratch(task("a"), claimBead("uid-a", "1.1", claim));
  expect(town.blocked("alpha-a")).toEqual([
    "held by rigs/alpha/polecats/nux on vm-a under epoch 1.1",
  ]);
  await town.write(
    releaseBead("uid-a", "1.1", "lost"),
    setFields("uid-a", { status: "in_progress" }),
  );
  expect(town.ready("alpha-a")).toBe(true);
  const fields = { "gt.work": "uid-a" };
  await town.write(task("mr", { issueType: "merge-request", fields }));
  expect(town.blocked("alpha-a")).toEqual(["its merge request alpha-mr has not landed yet"]);
  await town.write(close("mr", "rejected", "rejected"));
  expect(town.ready("alpha-a")).toBe(true);
});

test.for([
  { name: "a template", more: { labels: ["template"] } },
  { name: "an ephemeral one", more: { fields: { ephemeral: true } } },
  { name: "a pinned one", more: { fields: { pinned: true } } },
  { name: "an epic", more: { issueType: "epic" } },
  { name: "mail", more: { issueType: "message" } },
  { name: "a step", more: { fields: { "gt.molecule": "root" } } },
  { name: "a closed one", more: {}, closed: true },
])("$name is never ready", async ({ more, closed }) => {
  const town = await scratch(task("a", more), ...(closed ? [close("a")] : []));
  expect(town.ready("alpha-a")).toBe(false);
  expect(readyBeads(town.ledger.world, nowMs)).toEqual([]);
});

test("machinery is no work", async () => {
  const town = await scratch(task("a"), task("step", { fields: { "gt.molecule": "r" } }));
  expect(openWork(town.ledger.world).map(({ id }) => id)).toEqual(["alpha-a"]);
  expect(isWork(town.bead("hq-rig-alpha"))).toBe(false);
});

test("a sling reaches all below it, and the nearest settings win", async () => {
  const slung = (sling: Record<string, string>) => ({ fields: { "gt.sling": sling } });
  const town = await scratch(
    task("epic", { issueType: "epic", ...slung({ by: "ann", runtime: "patch", machine: "vm-a" }) }),
    task("leaf", {
      edges: [needs("epic", "parent-child")],
      ...slung({ by: "bob", machine: "vm-b" }),
    }),
    task("other"),
  );
  expect(slingOf(town.bead("alpha-leaf"), town.ledger.world)).toEqual({
    by: "bob",
    runtime: "patch",
    machine: "vm-b",
  });
  expect(slingOf(town.bead("alpha-other"), town.ledger.world)).toBeUndefined();
});

test("priority comes first, and age outweighs it in time", async () => {
  const town = await scratch(task("low", { priority: 3 }));
  town.pass(1_000);
  await town.write(task("high", { priority: 0 }));
  const order = () => {
    const { world } = town.ledger;
    return sortByUrgency(readyBeads(world, nowMs), world).map(({ title }) => title);
  };
  expect(order()).toEqual(["high", "low"]);
  town.pass(30 * 24 * 60 * 60_000);
  await town.write(task("late", { priority: 0 }));
  expect(order()).toEqual(["high", "low", "late"]);
});

test("thousands in a chain are judged at once", async () => {
  const count = 5_000;
  const chain = Array.from({ length: count }, (_, at) =>
    task(`n${at}`, { edges: at === 0 ? [] : [needs(`n${at - 1}`)] }),
  );
  const town = await scratch(...chain);
  const startMs = performance.now();
  expect(readyBeads(town.ledger.world, nowMs).map(({ title }) => title)).toEqual(["n0"]);
  expect(performance.now() - startMs).toBeLessThan(5_000);
});
