import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { viewPath } from "../../town/hub/hub.ts";
import { type Member, type ScratchHub, scratchHub } from "../../town/hub/scratch-hub.ts";
import { findTool, type Person, person, testWith } from "./beads-tool.ts";
import { plain, type Row, readyOnlyAt, rows } from "./compare.ts";
import { everyKind } from "./every-kind.ts";

const br = findTool("br", /^0\.1\./);

type Bench = { readonly town: Member; readonly bea: Person; readonly view: () => Promise<Row[]> };

/** A town with one bead of everything, and a clone of its ledger in which `br` was set up. */
async function bench(scratch: ScratchHub): Promise<Bench> {
  const town = await scratch.town();
  await town.ledger.append("ann", everyKind());
  await town.push();
  const dir = join(scratch.dir, "bea");
  await mkdir(dir);
  const bea = await person(dir);
  await bea("git", "clone", "--quiet", scratch.remote, ".");
  await bea("br", "init", "--prefix", "alpha");
  await bea("br", "sync", "--import-only");
  const path = join(dir, "work", viewPath);
  return { town, bea, view: async () => rows(await readFile(path, "utf8")) };
}

testWith(br, "it lists our beads, and what is ready but for what it does not know", async () => {
  await using scratch = await scratchHub();
  const { town, bea } = await bench(scratch);
  const everything = ["--limit", "0", "--json"];
  const list = JSON.parse(await bea("br", "list", "--all", ...everything)) as { issues: Row[] };
  const { issues } = list;
  for (const { id, title, status, priority, issue_type: issueType, labels = [] } of issues) {
    const bead = town.ledger.world.bead(id);
    expect(bead).toMatchObject({ id, title, status, priority, issueType, labels });
  }
  const shown = new Set(issues.map(({ id }) => id));
  const hidden = [...town.ledger.world.all()].filter(({ id }) => !shown.has(id));
  const names = ["alpha-gone", "alpha-template", "alpha-wisp-like"];
  expect(hidden.map(({ id }) => id).sort()).toEqual(names);
  const ready = JSON.parse(await bea("br", "ready", ...everything)) as Row[];
  expect(readyOnlyAt(town.ledger, ready)).toEqual({
    ours: [
      "alpha-about", // Both sides of a cycle block there.
      "alpha-again", // A date that has passed still defers.
      "alpha-is-in-progress", // It asks for the status open, where we ask for a claim.
      "alpha-on-outside", // What another project has blocks until br is told of that project.
      "alpha-on-pinned", // A pinned bead blocks.
    ],
    theirs: [
      "alpha-late-child", // A parent's date holds nobody.
      "alpha-on-absent", // Nor does a bead that it does not have.
      "alpha-on-done-if", // Any close meets a conditional edge.
    ],
  });
});

testWith(br, "what it changes is changed here, and nothing else", async () => {
  await using scratch = await scratchHub();
  const { town, bea, view } = await bench(scratch);
  const before = new Map(rows(town.view()).map((row) => [row.id, row]));
  await bea("br", "create", "From br", "--priority", "1", "--type", "bug");
  await bea("br", "update", "alpha-p0", "--title", "Renamed");
  await bea("br", "close", "alpha-p1", "--reason", "said & done");
  await bea("br", "label", "add", "alpha-texts", "three");
  await bea("br", "dep", "add", "alpha-p2", "alpha-p3");
  await bea("br", "comments", "add", "alpha-texts", "from br");
  const fresh = (await view()).find(({ title }) => title === "From br")?.id ?? "";
  await bea("git", "commit", "--quiet", "-m", "by br", "--", viewPath);
  await bea("git", "push", "--quiet", "origin", "HEAD:main");
  await town.fetch();
  const { world } = town.ledger;
  expect(world.bead(fresh)).toMatchObject({ title: "From br", priority: 1, issueType: "bug" });
  expect(world.bead("alpha-p0")?.title).toBe("Renamed");
  expect(world.bead("alpha-p1")).toMatchObject({ status: "closed", closeReason: "said & done" });
  expect(world.bead("alpha-texts")?.labels).toEqual(["one", "three", "two:three"]);
  expect(world.bead("alpha-p2")?.dependencies).toMatchObject([{ id: "alpha-p3", type: "blocks" }]);
  const said = world.bead("alpha-texts")?.comments.map(({ text }) => text);
  expect(said).toEqual(["soon", "now <b>& then</b>", "from br"]);
  expect(world.bead("alpha-texts")?.fields).toHaveProperty("later_key");
  const touched = ["p0", "p1", "p2", "texts"].map((name) => `alpha-${name}`);
  for (const row of rows(town.view())) {
    if (row.id === fresh || touched.includes(row.id)) continue;
    expect(plain(row)).toEqual(plain(before.get(row.id)));
  }
});
