import { expect, test } from "vitest";
import { Beads } from "./beads.ts";
import { readBeadsLine } from "./beads-jsonl.ts";
import { toBeadsLine } from "./beads-line.ts";
import { encodeEvent } from "./event.ts";
import type { ImportedBead } from "./imported-bead.ts";

const row = {
  id: "alpha-1",
  title: "Greet",
  description: "Say <hello> & mean it",
  status: "open",
  priority: 0,
  issue_type: "bug",
  created_at: "2025-12-20T03:25:59.727107-08:00",
  created_by: "ann",
  updated_at: "2025-12-27T21:29:56.839468123-08:00",
  external_ref: "gh-9",
  metadata: { team: "x", gt: { patch: "--- a\n+++ b\n" } },
  labels: ["one", "two"],
  dependencies: [
    {
      issue_id: "alpha-1",
      depends_on_id: "alpha-2",
      type: "waits-for",
      created_at: "2025-12-20T03:26:45.400818-08:00",
      created_by: "daemon",
      metadata: '{"gate":"any-children"}',
    },
  ],
  comments: [
    {
      id: "7",
      issue_id: "alpha-1",
      author: "bob",
      text: "soon",
      created_at: "2025-12-20T04:00:00Z",
    },
  ],
  estimated_minutes: 5,
  later_key: { kept: true },
};

function read(value: unknown): ImportedBead {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const line = readBeadsLine(text, 1);
  if (line.kind !== "bead") throw new Error(line.why);
  return line.bead;
}

function filed(beads: readonly ImportedBead[]): Beads {
  const world = new Beads();
  let seq = 0;
  for (const draft of beads.flatMap((bead) => bead.drafts((id) => id))) {
    seq += 1;
    const { values, ...rest } = draft;
    const stamp = { v: 1, writer: "town.test", seq, clock: [seq, 0] as const, prev: "" };
    world.fold(encodeEvent({ ...rest, ...stamp, actor: "ann", values: values as never }));
  }
  return world;
}

function backAgain(value: unknown): Record<string, unknown> {
  const bead = read(value);
  const world = filed([bead]);
  const view = world.bead(bead.uid);
  if (!view) throw new Error("not filed");
  return JSON.parse(toBeadsLine(view, world));
}

test("every value of a line comes back as it was", () => {
  expect(backAgain(row)).toEqual(row);
});

test("a closed bead keeps its times, its reason and its update", () => {
  const closed = {
    ...row,
    status: "closed",
    closed_at: "2025-12-25T20:00:11.182211-08:00",
    close_reason: "done & dusted",
  };
  expect(backAgain(closed)).toEqual(closed);
});

test("a tombstone keeps who deleted it and why", () => {
  const gone = {
    ...row,
    status: "tombstone",
    deleted_at: "2025-12-27T21:29:56.839468-08:00",
    deleted_by: "daemon",
    delete_reason: "delete",
    original_type: "bug",
  };
  expect(backAgain(gone)).toEqual(gone);
});

test("the keys come in the order of Beads, unknown ones last", () => {
  const keys = Object.keys(backAgain(row));
  expect(keys.slice(0, 4)).toEqual(["id", "title", "description", "status"]);
  expect(keys.at(-1)).toBe("later_key");
});

test("escaped strings, numeric comment ids and a leading _type are the dialect of others", () => {
  const text = `{"_type":"issue","id":"alpha-1","title":"a \\u003c b","priority":1,"comments":[
    {"id":4,"issue_id":"alpha-1","author":"x","text":"y","created_at":"2025-01-01T00:00:00Z"}]}`;
  const back = backAgain(text);
  expect(back).toEqual(JSON.parse(text));
  expect(back["title"]).toBe("a < b");
});

test("an absent priority reads as 2, and is written: Beads would read 0", () => {
  expect(backAgain({ id: "alpha-1", title: "x" })).toEqual({
    id: "alpha-1",
    title: "x",
    priority: 2,
  });
});

test.for([
  ['{"_schema":"beads/1"}', "line 3: a schema, not a bead"],
  ['{"_type":"memory","id":"m","title":"x"}', "line 3: of type memory, not a bead"],
])("%s is kept out and says why", ([text, why]) => {
  expect(readBeadsLine(text ?? "", 3)).toEqual({ kind: "skipped", why });
});

test.for([
  ["{", "line 12: not JSON"],
  ["[1]", "line 12: not a JSON object"],
  ['{"id":"a-1","title":"x","n":[9007199254740993]}', "has the number 9007199254740993, which"],
  ['{"id":"a-1","title":"x","n":1e999}', "has the number 1e999, which JSON here cannot keep"],
  ["<<<<<<< ours", "line 12: a marker of a merge conflict: settle the conflict, then import again"],
  ["=======", "line 12: a marker of a merge conflict"],
  ['{"id":"a-1","title":"x","metadata":{"__proto__":1}}', 'line 12: has a key named "__proto__"'],
  ['{"title":"x"}', "line 12: id is missing"],
  ['{"id":"a-1"}', "line 12: title is missing"],
  ['{"id":"a-1","title":null}', "line 12: title is missing"],
  ['{"id":"a-1","title":""}', "line 12: title is empty"],
  ['{"id":"a-1","title":"x","priority":9}', "line 12: priority is above 4"],
  ['{"id":"a-1","title":"x","priority":1.5}', "line 12: priority is not a whole number"],
  ['{"id":"a-1","title":"x","comments":[{"id":[]}]}', "comments.0.id is neither text nor a number"],
  ['{"id":"a-1","title":"x","labels":"red"}', "line 12: labels is not a list"],
  ['{"id":"a-1","title":"x","created_at":"soon"}', "created_at is not an RFC 3339 time"],
  [`{"id":"a-1","title":"${"x".repeat(501)}"}`, "line 12: title is over 500 characters"],
  ['{"id":"a-1","title":"x","dependencies":[{}]}', "dependencies.0.depends_on_id is missing"],
])("%s is refused with its line and what is wrong", ([text, message]) => {
  expect(() => readBeadsLine(text ?? "", 12)).toThrow(message);
});

test("all that is wrong with a line is said at once", () => {
  expect(() => readBeadsLine('{"id":"","title":7,"priority":"high"}', 1)).toThrow(
    /id is empty; title is not text; priority is not a number$/,
  );
});

test("a line that no event could hold is refused, and named", () => {
  const line = (depth: number) => {
    const made = '"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"';
    const metadata = "[".repeat(depth) + "]".repeat(depth);
    return `{"id":"a-1","title":"T",${made},"metadata":{"deep":${metadata}}}`;
  };
  for (const depth of [600, 100_000]) {
    expect(() => readBeadsLine(line(depth), 3)).toThrow("line 3: is nested more than 490 deep");
  }
  const read = readBeadsLine(line(480), 3);
  const drafts = read.kind === "bead" ? read.bead.drafts((id) => id) : [];
  expect(drafts).toHaveLength(1);
});
