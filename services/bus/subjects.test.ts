import fc from "fast-check";
import { expect, test } from "vitest";
import {
  askSubject,
  askSubjects,
  beatSubject,
  beatSubjects,
  checkPattern,
  checkSubject,
  isStored,
  ledgerSubject,
  ledgerSubjects,
  matchesSubject,
  parseSubject,
  townMachine,
  wakeSubject,
} from "./subjects.ts";

const invalid = expect.objectContaining({ name: "TownError", reason: "invalid" });

test("subjects are what architecture.md says", () => {
  expect(ledgerSubject("demo", "vm-a")).toBe("gt.demo.ledger.vm-a");
  expect(ledgerSubject("demo", "vm-a.k3f9x2")).toBe("gt.demo.ledger.vm-a");
  expect(ledgerSubjects("demo")).toBe("gt.demo.ledger.>");
  expect(beatSubject("demo", townMachine)).toBe("gt.demo.beat.town");
  expect(askSubject("demo", "vm-a", "peek")).toBe("gt.demo.ask.vm-a.peek");
  expect(wakeSubject("demo")).toBe("gt.demo.wake");
});

test("what one side builds the other reads", () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/);
  fc.assert(
    fc.property(name, name, name, (town, machine, verb) => {
      expect(parseSubject(ledgerSubject(town, machine))).toEqual({ kind: "ledger", town, machine });
      expect(parseSubject(beatSubject(town, machine))).toEqual({ kind: "beat", town, machine });
      expect(parseSubject(wakeSubject(town))).toEqual({ kind: "wake", town });
      const ask = askSubject(town, machine, verb);
      expect(parseSubject(ask)).toEqual({ kind: "ask", town, machine, verb });
      expect(matchesSubject(askSubjects(town, machine), ask)).toBe(true);
      expect(matchesSubject(beatSubjects(town), beatSubject(town, machine))).toBe(true);
      expect(matchesSubject(ledgerSubjects(town), ledgerSubject(town, machine))).toBe(true);
    }),
  );
});

test.for(["", "Demo", "a.b", "a b", "*", ">", "-a", "1a", "a".repeat(33)])(
  "%j is no name of a town, a machine or a verb",
  (name) => {
    expect(() => wakeSubject(name)).toThrow(invalid);
    expect(() => beatSubject("demo", name)).toThrow(invalid);
    expect(() => askSubject("demo", "vm-a", name)).toThrow(invalid);
  },
);

test.for([
  "gt",
  "gt.demo",
  "gt.demo.wake.x",
  "gt.demo.ledger",
  "gt.demo.ledger.a.b",
  "gt.demo.ask.a",
  "gt.demo.ask.a.b.c",
  "gt.demo.other.a",
  "x.demo.wake",
  "gt.Demo.wake",
])("%s is none of ours", (subject) => {
  expect(parseSubject(subject)).toBeUndefined();
});

test.for([
  { pattern: "a.b", subject: "a.b", expected: true },
  { pattern: "a.b", subject: "a.b.c", expected: false },
  { pattern: "a.*", subject: "a.b", expected: true },
  { pattern: "a.*", subject: "a", expected: false },
  { pattern: "a.*", subject: "a.b.c", expected: false },
  { pattern: "*.b", subject: "a.b", expected: true },
  { pattern: "a.>", subject: "a.b.c", expected: true },
  { pattern: "a.>", subject: "a", expected: false },
  { pattern: ">", subject: "a", expected: true },
  { pattern: "a.*", subject: "a.>", expected: false },
  { pattern: "a.>", subject: "a.>", expected: true },
])("$pattern covers $subject: $expected", ({ pattern, subject, expected }) => {
  expect(matchesSubject(pattern, subject)).toBe(expected);
});

test("only the ledger is stored", () => {
  expect(isStored("gt.demo.ledger.vm-a")).toBe(true);
  expect(isStored("gt.demo.ledger.>")).toBe(true);
  expect(isStored("gt.demo.ledger")).toBe(false);
  expect(isStored("gt.demo.beat.vm-a")).toBe(false);
  expect(isStored("gt.demo.>")).toBe(false);
});

test.for(["", "a..b", "a.b ", "a.*", "a.>", ".a", "a\nb"])(
  "%j is refused to send to",
  (subject) => {
    expect(() => checkSubject(subject)).toThrow(invalid);
  },
);

test.for(["", "a..b", "a.>.b", "a*", "a. b"])("%j is refused to receive from", (pattern) => {
  expect(() => checkPattern(pattern)).toThrow(invalid);
});
