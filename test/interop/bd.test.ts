import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { viewPath } from "../../town/hub/hub.ts";
import { type Member, type ScratchHub, scratchHub } from "../../town/hub/scratch-hub.ts";
import { findTool, type Person, person, testWith } from "./beads-tool.ts";
import { plain, type Row, readyOnlyAt, rows } from "./compare.ts";
import { everyKind } from "./every-kind.ts";

// It keeps a SQLite file beside the view; later versions keep a Dolt database instead of it.
const bd = findTool("bd", /^0\.49\./);

type Bench = { readonly town: Member; readonly bea: Person; readonly view: () => Promise<Row[]> };

/** A town with one bead of everything, and a clone of its ledger in which `bd` was set up. */
async function bench(scratch: ScratchHub): Promise<Bench> {
  const town = await scratch.town();
  await town.ledger.append("ann", everyKind());
  await town.push();
  const dir = join(scratch.dir, "bea");
  await mkdir(dir);
  const bea = await person(dir);
  await bea("git", "clone", "--quiet", scratch.remote, ".");
  await bea("bd", "init", "--prefix", "alpha", "--skip-hooks", "--skip-merge-driver", "--quiet");
  await bea("bd", "config", "set", "allowed_prefixes", "alpha,hq");
  await bea("bd", "config", "set", "status.custom", "review");
  const types = ["agent", "convoy", "decision", "event", "gate", "merge-request", "message"];
  const more = [...types, "molecule", "rig", "role", "spike"];
  await bea("bd", "config", "set", "types.custom", more.join());
  // Before a command that writes it takes in the file, and after it writes the file anew.
  await bea("bd", "label", "remove", "alpha-target", "never");
  const path = join(dir, "work", viewPath);
  return { town, bea, view: async () => rows(await readFile(path, "utf8")) };
}

async function json<T>(bea: Person, ...args: string[]): Promise<T> {
  return JSON.parse(await bea("bd", ...args, "--json")) as T;
}

/** Commit what bd wrote and have the town take it in and write its view. */
async function hand({ town, bea }: Bench): Promise<string[]> {
  const events: string[] = [];
  const stop = town.ledger.onChange(({ event, bead }) => {
    if (event.actor.startsWith("people/")) events.push(`${event.op} ${bead?.title}`);
  });
  await bea("bd", "sync", "--flush-only");
  await bea("git", "add", viewPath);
  await bea("git", "commit", "--quiet", "--allow-empty", "-m", "by bd");
  await bea("git", "push", "--quiet", "origin", "HEAD:main");
  await town.fetch();
  stop();
  await town.push();
  return events;
}

testWith(bd, "it reads the whole view and writes the same again", async () => {
  await using scratch = await scratchHub();
  const { town, view } = await bench(scratch);
  const ours = new Map(rows(town.view()).map((row) => [row.id, row]));
  const theirs = new Map((await view()).map((row) => [row.id, row]));
  const missing = [...ours.keys()].filter((id) => !theirs.has(id));
  expect(missing).toEqual(["alpha-wisp-like"]); // It exports nothing ephemeral.
  expect(theirs.size).toBe(ours.size - 1);
  const others = [...theirs.keys()].filter((id) => {
    return JSON.stringify(plain(theirs.get(id))) !== JSON.stringify(plain(ours.get(id)));
  });
  // These it cannot hold: an edge to nowhere, one that closes a cycle, a key it does not know.
  const dropped = ["alpha-on-absent", "alpha-on-stranger", "alpha-round", "alpha-texts"];
  expect(others.filter((id) => !dropped.includes(id))).toEqual([]);
  for (const id of dropped.slice(0, 3)) expect(theirs.get(id)).not.toHaveProperty("dependencies");
  const { later_key: _, ...texts } = plain(ours.get("alpha-texts"));
  expect(plain(theirs.get("alpha-texts"))).toEqual(texts);
});

testWith(bd, "it lists our beads, and what is ready but for what it does not know", async () => {
  await using scratch = await scratchHub();
  const { town, bea } = await bench(scratch);
  const list = await json<Row[]>(bea, "list", "--all", "-n", "0");
  for (const { id, title, status, priority, issue_type: issueType, labels = [] } of list) {
    const bead = town.ledger.world.bead(id);
    // On each start it makes pinned work hooked; that never comes back as an edit.
    const as = id === "alpha-is-pinned" ? "pinned" : status;
    expect(bead).toMatchObject({ id, title, status: as, priority, issueType, labels });
  }
  const shown = new Set(list.map(({ id }) => id));
  const hidden = [...town.ledger.world.all()].filter(({ id }) => !shown.has(id));
  const names = ["alpha-gate-open", "alpha-gone", "alpha-template", "alpha-type-gate"];
  expect(hidden.map(({ id }) => id).sort()).toEqual(names);
  const ready = await json<Row[]>(bea, "ready", "-n", "0");
  expect(readyOnlyAt(town.ledger, ready)).toEqual({
    // It keeps another edge of a cycle, and asks for the status `open` where we ask for a claim.
    ours: ["alpha-about", "alpha-is-in-progress"],
    // A parent's date holds nobody there; and edges that bd dropped, see above.
    theirs: ["alpha-late-child", "alpha-on-absent", "alpha-round"],
  });
});

testWith(bd, "its edits come in and nothing else, and then all is still", async () => {
  await using scratch = await scratchHub();
  const all = await bench(scratch);
  const { town, bea } = all;
  const before = new Map(rows(town.view()).map((row) => [row.id, row]));
  const fresh = await json<Row>(bea, "create", "From bd", "-p", "1", "-t", "bug", "-d", "why");
  await bea("bd", "update", "alpha-p0", "--title", "Renamed", "--priority", "3");
  await bea("bd", "close", "alpha-p1", "--reason", "said & done");
  await bea("bd", "label", "add", "alpha-texts", "three");
  await bea("bd", "label", "remove", "alpha-texts", "one");
  await bea("bd", "dep", "add", "alpha-p2", "alpha-p3");
  await bea("bd", "dep", "remove", "alpha-on-done", "alpha-done");
  await bea("bd", "comments", "add", "alpha-texts", "from bd");
  await hand(all);
  const { world } = town.ledger;
  expect(world.bead(fresh.id)).toMatchObject({ title: "From bd", priority: 1, issueType: "bug" });
  expect(world.bead("alpha-p0")).toMatchObject({ title: "Renamed", priority: 3 });
  expect(world.bead("alpha-p1")).toMatchObject({ status: "closed", closeReason: "said & done" });
  expect(world.bead("alpha-texts")?.labels).toEqual(["three", "two:three"]);
  expect(world.bead("alpha-p2")?.dependencies).toMatchObject([{ id: "alpha-p3", type: "blocks" }]);
  expect(world.bead("alpha-on-done")?.dependencies).toEqual([]);
  const said = world.bead("alpha-texts")?.comments.map(({ id, text }) => [id, text]);
  expect(said).toEqual([
    ["c1", "soon"],
    ["c2", "now <b>& then</b>"],
    [expect.any(String), "from bd"],
  ]);
  // Of the cycle it dropped one edge, which nobody can tell from having been taken out.
  const touched = ["p0", "p1", "p2", "texts", "on-done", "round"].map((name) => `alpha-${name}`);
  for (const row of rows(town.view())) {
    if (row.id !== fresh.id && !touched.includes(row.id)) expect(row).toEqual(before.get(row.id));
  }
  await expectStill(all);
});

/** From here on neither side finds anything to change, however often the file goes around. */
async function expectStill(all: Bench): Promise<void> {
  const { town, bea } = all;
  const still = town.view();
  for (let round = 0; round < 2; round += 1) {
    await bea("git", "checkout", "--quiet", "--", viewPath);
    await bea("git", "pull", "--quiet", "--no-rebase", "origin", "main");
    await bea("bd", "label", "remove", "alpha-target", "never");
    expect(await hand(all)).toEqual([]);
    expect(town.view()).toBe(still);
  }
}
