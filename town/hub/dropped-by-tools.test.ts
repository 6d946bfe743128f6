import { expect, test, vi } from "vitest";
import { addComment, addEdges, createBead } from "#services/ledger/drafts.ts";
import { scratchHub } from "./scratch-hub.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

type Row = Record<string, unknown> & { readonly comments?: object[] };

const rows = (view: string) =>
  view
    .trim()
    .split("\n")
    .map((text) => JSON.parse(text) as Row);
const text = (all: readonly unknown[]) => all.map((row) => `${JSON.stringify(row)}\n`).join("");

test("what a tool writes over by itself is nobody's edit", async () => {
  await using scratch = await scratchHub();
  const town = await scratch.town();
  await town.ledger.append("ann", [
    createBead({ uid: "a", id: "hq-a", title: "First" }),
    addEdges("a", [{ to: "hq-absent", type: "blocks" }]),
    ...["soon", "soon", "now"].map((text) => addComment("a", { author: "ann", text })),
    createBead({ uid: "b", id: "hq-b", title: "Second", status: "pinned" }),
  ]);
  await town.push();
  const before = town.view();
  const events: string[] = [];
  town.ledger.onChange(({ event }) => events.push(event.op));
  await scratch.edit((view) => {
    const [a, b] = rows(view);
    const comments = a?.comments?.map((each, index) => ({ ...each, id: index }));
    return text([
      { ...a, dependencies: undefined, comments },
      { ...b, status: "hooked" },
    ]);
  });
  await town.fetch();
  expect(events).toEqual([]);
  expect(town.view()).toBe(before);
});

test("a comment that a person took out goes, whatever number the view gave it", async () => {
  await using scratch = await scratchHub();
  const town = await scratch.town();
  const said = ["soon", "now", "soon"].map((text) => ({ author: "ann", text }));
  await town.ledger.append("ann", [
    createBead({ uid: "a", id: "hq-a", title: "First" }),
    ...said.map((remark, index) => addComment("a", { ...remark, id: `c${index}` })),
  ]);
  await town.push();
  await scratch.edit((view) => {
    const [a] = rows(view);
    return text([{ ...a, comments: a?.comments?.slice(0, 1) }]);
  });
  await town.fetch();
  expect(town.ledger.world.bead("a")?.comments).toMatchObject([{ id: "c0", text: "soon" }]);
});

test("the view names comments by numbers, which all tools read, always the same", async () => {
  await using scratch = await scratchHub();
  const town = await scratch.town();
  await town.ledger.append("ann", [
    createBead({ uid: "a", id: "hq-a", title: "First" }),
    createBead({ uid: "b", id: "hq-b", title: "Second" }),
    addEdges("a", [{ to: "b", type: "waits-for" }]),
    addComment("a", { author: "ann", text: "soon", id: "x1" }),
    addComment("a", { author: "ann", text: "now", id: "17" }),
  ]);
  const view = town.view();
  const [a] = rows(view);
  expect(a?.comments).toEqual([
    expect.objectContaining({ id: expect.any(Number), text: "soon" }),
    expect.objectContaining({ id: 17, text: "now" }),
  ]);
  expect(a?.["dependencies"]).toMatchObject([{ type: "waits-for", metadata: "{}" }]);
  expect(town.view()).toBe(view);
});

test("a bead that was brought back has no deleted_at in the view but here", async () => {
  await using scratch = await scratchHub();
  const town = await scratch.town();
  const back = { deleted_at: "2026-01-01T00:00:00Z", deleted_by: "ann" };
  await town.ledger.append("ann", [
    createBead({ uid: "a", id: "hq-a", title: "Back", fields: back }),
  ]);
  await town.push();
  const [a] = rows(town.view());
  expect(a).not.toHaveProperty("deleted_at");
  expect(a).toMatchObject({ deleted_by: "ann" });
  await scratch.edit((view) => text(rows(view).map((row) => ({ ...row, title: "Again" }))));
  await town.fetch();
  expect(town.ledger.world.bead("a")).toMatchObject({ title: "Again", fields: back });
});
