import { expect, test } from "vitest";
import { MemoryDisk } from "./disk-memory.ts";
import { createBead } from "./drafts.ts";
import { openLedger } from "./ledger.ts";
import { indexQuery, matchBead, parseQuery } from "./search.ts";

async function match(query: string, over: Partial<Parameters<typeof createBead>[0]> = {}) {
  const options = { dir: "/j", machine: "town", disk: new MemoryDisk(), nowMs: () => 1 };
  const ledger = await openLedger(options);
  await ledger.append("ann", [createBead({ uid: "u", id: "alpha-k3f9", title: "x", ...over })]);
  const bead = ledger.world.bead("u");
  return bead && matchBead(bead, parseQuery(query));
}

test("a query is words, and quotes hold some together", () => {
  expect(parseQuery(' Log  "Not Found" in"')).toEqual(["log", "not found", 'in"']);
  expect(parseQuery('  ""')).toEqual([]);
});

test("every word must be there, in any field", async () => {
  const bead = { title: "Fix login", fields: { notes: "It says NOT FOUND, always" } };
  expect(await match("found login", bead)).toMatchObject({ field: "title" });
  expect(await match('"not found"', bead)).toMatchObject({
    field: "notes",
    excerpt: "It says NOT FOUND, always",
  });
  expect(await match("login logout", bead)).toBeUndefined();
});

test("comments and labels are searched too", async () => {
  const comments = [{ author: "bob", text: "seen on Safari" }];
  expect(await match("safari", { comments })).toMatchObject({ field: "comment" });
  expect(await match("urgent", { labels: ["urgent"] })).toMatchObject({ field: "label" });
});

test("the id, then the title, then the texts; a whole word before a part of one", async () => {
  const queries = [
    ["alpha-k3f9", {}],
    ["greet", { title: "Greet by name" }],
    ["greet", { title: "To greet by name" }],
    ["greet", { title: "Greetings" }],
    ["greet", { fields: { description: "do greet" } }],
    ["greet", { fields: { description: "regreeting" } }],
  ] as const;
  const scores = await Promise.all(queries.map(async ([q, over]) => (await match(q, over))?.score));
  expect(scores).toEqual([...scores].sort((a, b) => (b ?? 0) - (a ?? 0)));
  expect(new Set(scores).size).toBe(scores.length);
});

test("a long text is cut around what was found", async () => {
  const description = `${"before ".repeat(50)}needle ${"after ".repeat(50)}`;
  const found = await match("needle", { fields: { description } });
  expect(found?.excerpt).toMatch(/^….{0,40}needle.*…$/);
  expect(found?.excerpt.length).toBeLessThan(130);
});

test("the index is asked for no zero, which it would not take", () => {
  expect(indexQuery(parseQuery("befo\0re"))).toBe('"bef" AND "efo"');
  expect(indexQuery(parseQuery("a\0b"))).toBeUndefined();
});
