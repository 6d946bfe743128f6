import { expect, test } from "vitest";
import { MemoryDisk } from "./disk-memory.ts";
import {
  addComment,
  addLabels,
  claimBead,
  closeBead,
  createBead,
  type NewBead,
  reopenBead,
  tombstone,
} from "./drafts.ts";
import { openLedger } from "./ledger.ts";
import { moveDown } from "./move-down.ts";
import { movesDue, tierAges } from "./tiering.ts";

const dayMs = 86_400_000;
const { signal } = new AbortController();

/** A ledger whose clock goes on by days. */
async function scratch() {
  const startMs = Date.parse("2026-01-01T00:00:00Z");
  let days = 0;
  const nowMs = () => startMs + days * dayMs;
  const options = { dir: "/j", machine: "town", disk: new MemoryDisk(), nowMs };
  const ledger = await openLedger(options);
  const file = (id: string, more: Partial<NewBead> = {}) => {
    return ledger.append("overseer", [createBead({ uid: id, id, title: id, ...more })]);
  };
  const close = (...ids: string[]) => {
    const drafts = ids.map((id) => closeBead(id, { close: "1", kind: "done", reason: "" }));
    return ledger.append("overseer", drafts);
  };
  return {
    ledger,
    file,
    close,
    below: (to: string) => ({ edges: [{ to, type: "parent-child" }] }),
    pass: (count: number) => {
      days += count;
    },
    /** What a round moves, by id. */
    round: async () => {
      const limits = { ...tierAges, nowMs: nowMs() };
      const due = movesDue(ledger.world, limits).flatMap((draft) => {
        return draft.op === "tier" ? [`${draft.bead} ${draft.values.tier}`] : [];
      });
      await moveDown(ledger, { ...limits, actor: "deacon", signal });
      return due.sort();
    },
  };
}

test("what is closed goes down after a month and again after half a year, once each", async () => {
  const { file, close, pass, round, ledger } = await scratch();
  await file("a");
  await file("open");
  await close("a");
  pass(30);
  expect(await round()).toEqual([]);
  pass(0.01);
  expect(await round()).toEqual(["a recent"]);
  expect(await round()).toEqual([]);
  pass(150);
  expect(await round()).toEqual(["a archive"]);
  expect(await round()).toEqual([]);
  expect([...ledger.world.all()].map(({ id }) => id)).toEqual(["open"]);
});

test("what ended before it came here goes down by when it ended", async () => {
  const { ledger, round } = await scratch();
  const at = "2025-01-01T00:00:00Z";
  const fields = { created_at: at, updated_at: at };
  const closing = { close: "import", kind: "done", reason: "", closedAt: at };
  await ledger.append("overseer", [
    closeBead("old", closing),
    createBead({ uid: "old", id: "old", title: "Old", fields }),
  ]);
  expect(await round()).toEqual(["old archive"]);
});

test("a remark keeps an ended bead at hand for another month", async () => {
  const { ledger, file, close, pass, round } = await scratch();
  await file("a");
  await close("a");
  pass(200);
  expect(await round()).toEqual(["a archive"]);
  await ledger.append("ann", [addComment("a", { author: "ann", text: "Why?" })]);
  expect(await round()).toEqual([]);
  pass(31);
  expect(await round()).toEqual(["a recent"]);
});

test("a tree moves as a whole, when all of it is over for long enough", async () => {
  const { file, close, pass, round, below } = await scratch();
  await file("epic", { issueType: "epic" });
  for (const id of ["a", "b"]) await file(id, below("epic"));
  await file("a.1", below("a"));
  await close("a", "a.1");
  pass(40);
  expect(await round()).toEqual([]);
  await close("b", "epic");
  pass(20);
  expect(await round()).toEqual([]);
  pass(11);
  expect(await round()).toEqual(["a recent", "a.1 recent", "b recent", "epic recent"]);
});

test("a reopened root keeps what comes after it, and what went down stays there", async () => {
  const { ledger, file, close, pass, round, below } = await scratch();
  await file("epic", { issueType: "epic" });
  await file("a", below("epic"));
  await close("a", "epic");
  pass(31);
  await round();
  const epic = ledger.world.bead("epic");
  await ledger.append("ann", epic ? [reopenBead(epic, "more to do")] : []);
  expect(ledger.world.children("epic").map(({ id, tier }) => [id, tier])).toEqual([
    ["a", "recent"],
  ]);
  pass(200);
  expect(await round()).toEqual([]);
});

test.for([
  { title: "waits for it", type: "blocks" },
  { title: "was discovered from it", type: "discovered-from" },
])("a bead stays while an open one $title", async ({ type }) => {
  const { file, close, pass, round } = await scratch();
  await file("a");
  await file("b", { edges: [{ to: "a", type }] });
  await close("a");
  pass(31);
  expect(await round()).toEqual([]);
  await close("b");
  expect(await round()).toEqual(["a recent"]);
});

test("a bead stays while it waits, though closed, for an open one", async () => {
  const { file, close, pass, round } = await scratch();
  await file("a");
  await file("b", { edges: [{ to: "a", type: "blocks" }] });
  await file("c", { edges: [{ to: "a", type: "related" }] });
  await close("b", "c");
  pass(31);
  expect(await round()).toEqual(["c recent"]);
});

test("work stays while its molecule or a merge request is open, and goes with them", async () => {
  const { ledger, file, close, pass, round } = await scratch();
  const fields = { "gt.work": "work" };
  await file("work");
  await file("work.mol", { issueType: "molecule", fields });
  await file("work.mr", { issueType: "merge-request", fields });
  await close("work", "work.mr");
  pass(31);
  expect(await round()).toEqual([]);
  await ledger.append("machines/vm-a", [tombstone("work.mol", "squashed", "digest")]);
  expect(await round()).toEqual(["work recent", "work.mr recent"]);
});

test("what somebody holds, and what steers the town, stays", async () => {
  const { ledger, file, close, pass, round } = await scratch();
  for (const issueType of ["agent", "rig", "machine", "role"]) await file(issueType, { issueType });
  await close("agent", "rig", "machine", "role");
  await file("held");
  await ledger.append("rigs/alpha/authority", [
    claimBead("held", "1.1", { machine: "vm-a", polecat: "rigs/alpha/polecats/nux" }),
    tombstone("held", "not wanted"),
  ]);
  await file("pinned", { fields: { pinned: true } });
  await close("pinned");
  pass(365);
  expect(await round()).toEqual([]);
});

test("a letter that was read is closed and goes; one that nobody read stays", async () => {
  const { ledger, file, pass, round } = await scratch();
  const letter = { issueType: "message", assignee: "overseer" };
  await file("read", letter);
  await file("unread", letter);
  await file("answered", letter);
  await file("answer", { ...letter, edges: [{ to: "answered", type: "replies-to" }] });
  await ledger.append("overseer", [addLabels("read", ["read"]), addLabels("answered", ["read"])]);
  pass(31);
  expect(await round()).toEqual(["read recent"]);
  expect(ledger.world.bead("read")).toMatchObject({ status: "closed", tier: "recent" });
  expect(ledger.world.bead("read")?.closedAt).toBe("2026-01-01T00:00:00.000Z");
});

test("a letter for whose end somebody waits is left to who closes it", async () => {
  const { ledger, file, close, pass, round, below } = await scratch();
  await file("letter", { issueType: "message", assignee: "overseer" });
  await ledger.append("overseer", [addLabels("letter", ["read"])]);
  await file("parent", { edges: [{ to: "letter", type: "blocks" }] });
  await file("child", below("parent"));
  await close("parent");
  pass(31);
  expect(await round()).toEqual([]);
  expect(ledger.world.bead("letter")?.status).toBe("open");
});

test("what machinery was told of a piece of work goes once that is over", async () => {
  const { file, close, pass, round } = await scratch();
  const told = { issueType: "message", fields: { "gt.about": "work" } };
  await file("work");
  await file("assignment", { ...told, assignee: "rigs/alpha/polecats/nux" });
  await file("started", { ...told, assignee: "deacon" });
  await file("escalation", { ...told, assignee: "overseer" });
  pass(31);
  expect(await round()).toEqual([]);
  await close("work");
  expect(await round()).toEqual(["assignment recent", "started recent"]);
});

test("a round is bounded, and what is archived is not read again", async () => {
  const { ledger, file, close, pass } = await scratch();
  for (const id of ["a", "b", "c"]) await file(id);
  await close("a", "b", "c");
  pass(400);
  const limits = { ...tierAges, nowMs: Date.parse("2027-06-01T00:00:00Z") };
  const { world } = ledger;
  const first = movesDue(world, limits, world.all(), 2);
  expect(first.map(({ bead }) => bead)).toEqual(["a", "b"]);
  await ledger.append("deacon", first);
  expect(movesDue(world, limits, world.all(), 2).map(({ bead }) => bead)).toEqual(["c"]);
});
