import { expect, test } from "vitest";
import { parseFilter } from "#services/ledger/filter.ts";
import { beadFilter } from "./bead-filter.ts";

test("what is kept lower has ended, so that it is not asked for twice", () => {
  expect(beadFilter({ tier: "archive" })).toBe("tier = archive AND work = true");
  expect(beadFilter({ tier: "active" })).toBe("tier = active AND status != closed AND work = true");
});

test("without criteria the server's own choice holds", () => {
  expect(beadFilter({})).toBe("");
});

test("every criterion must hold", () => {
  const filter = beadFilter({ status: "open", type: "bug", label: ["a", "b"], priority: 0 });
  expect(filter).toBe("status = open AND type = bug AND label:a AND label:b AND priority = 0");
});

test("a narrower list is of open work too, unless all is wanted", () => {
  expect(beadFilter({ rig: "alpha" })).toBe("rig = alpha AND status != closed AND work = true");
  expect(beadFilter({ rig: "alpha", all: true })).toBe("rig = alpha AND work = true");
  expect(beadFilter({ all: true })).toBe("work = true");
  expect(beadFilter({ all: true, type: "message" })).toBe("type = message");
  expect(beadFilter({ rig: "hq", all: true })).toBe('rig = "" AND work = true');
});

test("dates are instants, and what is asked by its close is closed", () => {
  const at = new Date("2026-03-01T09:00:00Z");
  expect(beadFilter({ closedSince: at, machine: "vm-a" })).toBe(
    'machine = vm-a AND closed >= "2026-03-01T09:00:00.000Z" AND work = true',
  );
  expect(beadFilter({ updatedSince: at, text: "log in" })).toContain(
    'text:"log in" AND updated >=',
  );
});

test("the ledger understands every filter that is made", () => {
  const every = { status: "open", type: "OR", label: ["a b", "-x"], assignee: 'q"', priority: 0 };
  const since = { createdSince: new Date(0), closedSince: new Date(1), text: 'a"b' };
  const others = [{ all: true }, { rig: "alpha" }, { parent: "a-1.x", all: true }, since];
  for (const criteria of [every, ...others]) {
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
