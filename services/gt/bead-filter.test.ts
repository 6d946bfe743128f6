import { expect, test } from "vitest";
import { parseFilter } from "#services/ledger/filter.ts";
import { beadFilter } from "./bead-filter.ts";

test("without criteria the server's own choice holds", () => {
  expect(beadFilter({})).toBe("");
});

test("every criterion must hold", () => {
  const filter = beadFilter({ status: "open", type: "bug", label: ["a", "b"], priority: 0 });
  expect(filter).toBe("status = open AND type = bug AND label:a AND label:b AND priority = 0");
});

test("a narrower list is of open work too, unless all is wanted", () => {
  expect(beadFilter({ rig: "alpha" })).toBe("rig = alpha AND status != closed AND work = true");
  expect(beadFilter({ rig: "alpha", all: true })).toBe("rig = alpha");
  expect(beadFilter({ all: true })).not.toBe("");
});

test("the ledger understands every filter that is made", () => {
  const every = { status: "open", type: "OR", label: ["a b", "-x"], assignee: 'q"', priority: 0 };
  for (const criteria of [every, { all: true }, { rig: "alpha" }, { parent: "a-1.x", all: true }]) {
    expect(() => parseFilter(beadFilter(criteria))).not.toThrow();
  }
});

test("no value ends its own term", () => {
  const filter = beadFilter({ assignee: 'a" OR "b', status: "open", type: "OR" });
  expect(filter).toBe('status = open AND type = "OR" AND assignee = "a\\" OR \\"b"');
});

test("an expression of one's own stands alone", () => {
  expect(beadFilter({ filter: "priority < 2", rig: "alpha" })).toBe("priority < 2");
});
