import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { runGit } from "#services/git/run-git.ts";
import {
  addComment,
  addEdges,
  addLabels,
  claimBead,
  closeBead,
  createBead,
  moveBead,
  removeLabels,
  setFields,
} from "#services/ledger/drafts.ts";
import { editImporter } from "./import-edits.ts";
import { type Member, type ScratchHub, scratchHub } from "./scratch-hub.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

type Row = Record<string, unknown>;

/** Change one line of the view as JSON. */
function line(id: string, change: (row: Row) => Row | undefined): (view: string) => string {
  return (view) => {
    const rows = view.split("\n").filter((text) => text !== "");
    const changed = rows.map((text) => {
      const row = JSON.parse(text) as Row;
      return row["id"] === id ? change(row) : row;
    });
    const kept = changed.filter((row) => row !== undefined);
    return kept.map((row) => `${JSON.stringify(row)}\n`).join("");
  };
}

async function townWith(scratch: ScratchHub): Promise<Member> {
  const town = await scratch.town();
  await town.ledger.append("ann", [
    createBead({ uid: "a", id: "hq-a", title: "First", labels: ["red"] }),
    createBead({ uid: "b", id: "hq-b", title: "Second", fields: { design: "thin", future: 1 } }),
    addEdges("b", [{ to: "a", type: "blocks" }]),
    addComment("b", { author: "ann", text: "old", id: "1" }),
  ]);
  await town.push();
  return town;
}

const by = "people/some@body.invalid";

test("what a person changed in the view becomes that person's events, field by field", async () => {
  await using scratch = await scratchHub();
  const town = await townWith(scratch);
  const events: string[] = [];
  town.ledger.onChange(({ event }) => events.push(`${event.actor} ${event.op}`));
  await scratch.edit(
    line("hq-b", ({ design: _, dependencies: __, ...row }) => ({
      ...row,
      title: "Renamed",
      labels: ["blue"],
      comments: [{ id: 7, issue_id: "hq-b", author: "bob", text: "new" }],
      shiny: { x: 1 },
    })),
  );
  await town.fetch();
  const bead = town.ledger.world.bead("hq-b");
  expect(bead).toMatchObject({ title: "Renamed", labels: ["blue"], dependencies: [] });
  expect(bead?.fields).toMatchObject({ shiny: { x: 1 }, future: 1 });
  expect(bead?.fields["design"]).toBeUndefined();
  expect(bead?.comments).toMatchObject([{ id: "7", author: "bob", text: "new" }]);
  expect([...new Set(events)].sort()).toEqual(
    ["comment", "label", "set", "uncomment", "unlink"].map((op) => `${by} ${op}`),
  );
  await town.push();
  const view = await scratch.person("show", "origin/main:.beads/issues.jsonl");
  expect(`${view}\n`).toBe(town.view());
  expect(view).toContain('"shiny":{"x":1}');
});

test("importing twice, or by two processes, is importing once", async () => {
  await using scratch = await scratchHub();
  scratch.broker.cut();
  const town = await townWith(scratch);
  await town.stop();
  const commit = await scratch.edit((view) => {
    const fresh = { id: "hq-new", title: "By hand", created_at: "2026-01-02T03:04:05Z" };
    const close = { status: "closed", close_reason: "no", labels: ["red", "hot"] };
    const edited = line("hq-a", (row) => ({ ...row, ...close }))(view);
    return `${edited}${JSON.stringify({ ...fresh, labels: ["x"] })}\n`;
  });
  const pair = [await scratch.machine("vm-a"), await scratch.machine("vm-b")];
  const { signal } = new AbortController();
  const imports = (fresh: boolean) =>
    pair.map(async ({ ledger, fetch }, index) => {
      await fetch();
      const dir = join(scratch.dir, index === 0 ? "vm-a" : "vm-b", "ledger.git");
      if (fresh) await runGit(["update-ref", "-d", "refs/gastown-imported"], { cwd: dir });
      await editImporter({ ledger, dir })(commit, signal);
    });
  await Promise.all(imports(false));
  for (const { push } of pair) await push();
  for (const { fetch } of pair) await fetch();
  const [one, two] = pair;
  expect(one?.ledger.world.bead("hq-a")).toMatchObject({ status: "closed", closeReason: "no" });
  expect(one?.ledger.world.bead("hq-a")?.closes).toHaveLength(1);
  expect(one?.ledger.world.bead("hq-new")).toMatchObject({ title: "By hand", labels: ["x"] });
  expect(one?.ledger.world.size()).toBe(3);
  expect(one?.view()).toBe(two?.view());
  // Even with the note of what was imported lost, and where somebody undid it since.
  const { ledger } = pair[0] ?? town;
  expect(ledger.world.bead("a")?.labels).toContain("hot");
  await ledger.append("ann", removeLabels(ledger.world, "a", ["hot"]));
  for (const { push } of pair) await push();
  for (const { fetch } of pair) await fetch();
  const events = () => pair.map(({ ledger }) => ledger.heads().get(ledger.writer)?.seq);
  const before = events();
  await Promise.all(imports(true));
  expect(events()).toEqual(before);
});

test("a line that vanished deletes nothing; a status that changed closes and reopens", async () => {
  await using scratch = await scratchHub();
  const town = await townWith(scratch);
  await scratch.edit(line("hq-a", () => undefined));
  await scratch.edit(line("hq-b", (row) => ({ ...row, status: "closed" })));
  await town.fetch();
  expect(town.ledger.world.bead("hq-a")).toMatchObject({ status: "open", deleted: false });
  expect(town.ledger.world.bead("hq-b")?.status).toBe("closed");
  await scratch.edit(line("hq-b", (row) => ({ ...row, status: "open" })));
  await town.fetch();
  expect(town.ledger.world.bead("hq-b")?.status).toBe("open");
  await town.push();
  const view = await scratch.person("show", "origin/main:.beads/issues.jsonl");
  expect(view).toContain("hq-a");
  await scratch.edit(line("hq-a", (row) => ({ ...row, status: "tombstone" })));
  await town.fetch();
  expect(town.ledger.world.bead("hq-a")?.deleted).toBe(true);
});

test("a claim by bd leaves the worker that holds the bead alone", async () => {
  await using scratch = await scratchHub();
  const town = await townWith(scratch);
  const claim = { machine: "vm-a", polecat: "rigs/hq/polecats/nux" };
  await town.ledger.append("rigs/hq/authority", [claimBead("a", "1.1", claim)]);
  await town.push();
  await scratch.edit(line("hq-a", (row) => ({ ...row, status: "open", assignee: "bob" })));
  await town.fetch();
  const bead = town.ledger.world.bead("hq-a");
  expect(bead).toMatchObject({ status: "in_progress", assignee: "rigs/hq/polecats/nux" });
  expect(bead?.claim).toMatchObject({ epoch: "1.1", released: false });
});

test("a conflict and bad lines are named by commit, file, line; the rest is taken in", async () => {
  await using scratch = await scratchHub();
  const town = await townWith(scratch);
  const commit = await scratch.edit((view) => {
    const [first, second] = view.trim().split("\n");
    const edited = line("hq-b", (row) => ({ ...row, title: "Renamed" }))(`${second}\n`);
    const other = line("hq-a", (row) => ({ ...row, title: "Theirs" }))(`${first}\n`);
    const conflict = `<<<<<<< HEAD\n${first}\n=======\n${other}>>>>>>> x\n`;
    return `${conflict}${edited}{"id":"hq-c"}\nnot JSON\n`;
  });
  await town.fetch();
  expect(town.ledger.world.bead("hq-a")?.title).toBe("First");
  expect(town.ledger.world.bead("hq-b")?.title).toBe("Renamed");
  const told = town.ledger.alarms().map(({ detail }) => detail);
  const name = `commit ${commit.slice(0, 12)} of some@body.invalid, .beads/issues.jsonl`;
  expect(told).toEqual([
    expect.stringContaining(`${name} lines 1 to 5: a merge conflict`),
    expect.stringContaining(`${name} line 7: title`),
    expect.stringContaining(`${name} line 8: not JSON`),
  ]);
  await town.push();
  const view = await scratch.person("show", "origin/main:.beads/issues.jsonl");
  expect(`${view}\n`).toBe(town.view());
});

test("an older tool that drops what it does not know takes nothing back", async () => {
  await using scratch = await scratchHub();
  const town = await townWith(scratch);
  await town.ledger.append("overseer", [
    setFields("b", { "gt.patch": "diff", metadata: { k: 1 } }),
  ]);
  await town.push();
  await scratch.edit(
    line("hq-b", ({ metadata: _, future: __, ...row }) => ({ ...row, priority: 0 })),
  );
  await town.fetch();
  const bead = town.ledger.world.bead("hq-b");
  expect(bead?.priority).toBe(0);
  expect(bead?.fields).toMatchObject({ "gt.patch": "diff", metadata: { k: 1 }, future: 1 });
});

test("an edit made before a newer one here does not undo it", async () => {
  await using scratch = await scratchHub();
  const town = await townWith(scratch);
  // Committed a while ago, on the view as it was then, and pushed only now.
  await scratch.person("checkout", "--quiet", "-f", "--detach", "origin/main");
  await town.ledger.append("ann", [setFields("a", { title: "Newer" })]);
  const old = "2020-01-01T00:00:00Z";
  await scratch.edit(
    line("hq-a", (row) => ({ ...row, title: "Older", priority: 1 })),
    old,
  );
  await town.fetch();
  expect(town.ledger.world.bead("hq-a")).toMatchObject({ title: "Newer", priority: 1 });
});

test("of a merge only what no parent had is an edit of its own", async () => {
  await using scratch = await scratchHub();
  const town = await townWith(scratch);
  const events: string[] = [];
  town.ledger.onChange(({ event }) => events.push(`${event.op} ${JSON.stringify(event.values)}`));
  await scratch.person("checkout", "--quiet", "-f", "--detach", "origin/main");
  const base = await scratch.person("rev-parse", "HEAD");
  await scratch.edit(line("hq-a", (row) => ({ ...row, title: "Ann's" })));
  const theirs = await scratch.person("rev-parse", "HEAD");
  await scratch.merge(base, theirs, {
    side: line("hq-b", (row) => ({ ...row, title: "Bob's" })),
    merged: (view) =>
      line("hq-b", (row) => ({ ...row, priority: 0 }))(
        line("hq-a", (row) => ({ ...row, title: "Ann's" }))(view),
      ),
  });
  await town.fetch();
  expect(town.ledger.world.bead("hq-a")?.title).toBe("Ann's");
  expect(town.ledger.world.bead("hq-b")).toMatchObject({ title: "Bob's", priority: 0 });
  expect(events.filter((event) => event.includes("title"))).toHaveLength(2);
  expect(events.filter((event) => event.includes("priority"))).toHaveLength(1);
});

test("a landed bead stays landed whatever a file says of the reason", async () => {
  await using scratch = await scratchHub();
  const town = await townWith(scratch);
  const merged = { close: "merged:x:1", kind: "merged", reason: "landed" };
  await town.ledger.append("rigs/hq/refinery", [closeBead("a", merged), addLabels("a", ["z"])]);
  await town.push();
  await scratch.edit(line("hq-a", (row) => ({ ...row, close_reason: "other" })));
  await town.fetch();
  expect(town.ledger.world.bead("hq-a")).toMatchObject({ closeKind: "merged", status: "closed" });
});

test("what went down is not deleted, and who writes its line anew brings it up", async () => {
  await using scratch = await scratchHub();
  const town = await townWith(scratch);
  await town.ledger.append("ann", [closeBead("a", { close: "1", kind: "done", reason: "" })]);
  await town.push();
  const old = town.view().split("\n")[0] ?? "";
  await town.ledger.append("deacon", [moveBead("a", "archive")]);
  await town.push();
  const view = await scratch.person("show", "origin/main:.beads/issues.jsonl");
  expect(view).not.toContain('{"id":"hq-a"');
  await scratch.edit((text) => `${old}\n${text}`);
  await town.fetch();
  expect(town.ledger.world.bead("a")).toMatchObject({ tier: "archive", status: "closed" });
  await scratch.edit(
    line("hq-a", (row) => ({ ...row, title: "Edited", updated_at: "2040-01-01T00:00:00Z" })),
  );
  await town.fetch();
  expect(town.ledger.world.bead("a")).toMatchObject({ tier: "active", title: "Edited" });
  await town.push();
  const again = await scratch.person("show", "origin/main:.beads/issues.jsonl");
  expect(again).toContain('"title":"Edited"');
});

test("an edit of what went down counts, though its line kept its updated_at", async () => {
  await using scratch = await scratchHub();
  const town = await townWith(scratch);
  await town.ledger.append("ann", [closeBead("a", { close: "1", kind: "done", reason: "" })]);
  await town.push();
  const old = JSON.parse(town.view().split("\n")[0] ?? "") as Row;
  await town.ledger.append("deacon", [moveBead("a", "archive")]);
  await town.push();
  const add = (row: Row) => (view: string) => `${view}${JSON.stringify({ ...old, ...row })}\n`;
  await scratch.edit(add({ title: "Before", labels: ["hot"] }), "2020-01-01T00:00:00Z");
  await town.fetch();
  // Whatever else it says, its author cannot have seen the title that was written since.
  expect(town.ledger.world.bead("a")).toMatchObject({ title: "First", labels: ["hot"] });
  await town.ledger.append("deacon", [moveBead("a", "archive")]);
  await town.push();
  const { updatedAt } = town.ledger.world.bead("a") ?? {};
  await scratch.edit(add({ title: "By hand", labels: ["hot"], updated_at: updatedAt }));
  await town.fetch();
  expect(town.ledger.world.bead("a")).toMatchObject({ tier: "active", title: "By hand" });
  // A tool that has the line from before writes an older one.
  await town.ledger.append("deacon", [moveBead("a", "archive")]);
  await town.push();
  await scratch.edit(add({ updated_at: updatedAt }));
  await town.fetch();
  expect(town.ledger.world.bead("a")).toMatchObject({ tier: "archive", title: "By hand" });
});
