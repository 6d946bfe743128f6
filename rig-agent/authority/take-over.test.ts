import fc from "fast-check";
import { expect, test } from "vitest";
import { mayTake, type Succession } from "./take-over.ts";

const limits = { lostAfterMs: 60_000, brakeMaxFactor: 10 };

/** Town and holder are away, the bus is up, and the chain has not been looked at. */
const orphaned: Succession = {
  machine: "vm-b",
  holder: "vm-a",
  serving: ["vm-a", "vm-b", "vm-c"],
  isTownHeard: false,
  isHolderLost: true,
  isHeard: (name) => name !== "vm-a",
  isDeaf: false,
  holderSilentMs: 61_000,
  hasWork: true,
  chainStillMs: 0,
  limits,
};

test.for<{ why: string; at: Partial<Succession>; stand: string }>([
  { why: "its own holder holds", at: { machine: "vm-a" }, stand: "hold" },
  { why: "the town appoints while it is heard", at: { isTownHeard: true }, stand: "yield" },
  { why: "a holder that is not lost keeps it", at: { isHolderLost: false }, stand: "yield" },
  { why: "who does not serve the rig stays out", at: { serving: ["vm-c"] }, stand: "yield" },
  { why: "the chain is looked at first", at: {}, stand: "watch" },
  { why: "then the first in line tries", at: { chainStillMs: 60_000 }, stand: "try" },
  {
    why: "the second waits longer",
    at: { machine: "vm-c", chainStillMs: 119_999 },
    stand: "watch",
  },
  { why: "and tries then", at: { machine: "vm-c", chainStillMs: 120_000 }, stand: "try" },
  {
    why: "who is silent itself is not waited for",
    at: { machine: "vm-c", isHeard: (name) => name === "vm-c", chainStillMs: 60_000 },
    stand: "try",
  },
  {
    why: "a rig that nobody was ever asked to hold is taken too",
    at: { holder: undefined, isHolderLost: false, machine: "vm-a", chainStillMs: 60_000 },
    stand: "try",
  },
  {
    why: "with the bus down the silence of a minute says nothing",
    at: { isDeaf: true, chainStillMs: 900_000 },
    stand: "yield",
  },
  {
    why: "nor does that of an idle rig's holder",
    at: { isDeaf: true, holderSilentMs: 900_000, hasWork: false, chainStillMs: 900_000 },
    stand: "yield",
  },
  {
    why: "but one that leaves work undone for so long is replaced",
    at: { isDeaf: true, holderSilentMs: 600_000, isHolderLost: false, chainStillMs: 60_000 },
    stand: "try",
  },
])("$why: $stand", ({ at, stand }) => {
  expect(mayTake({ ...orphaned, ...at })).toBe(stand);
});

test("never against the town, and of all who serve a rig somebody tries at last", () => {
  const names = ["vm-a", "vm-b", "vm-c", "vm-d"];
  fc.assert(
    fc.property(
      fc.subarray(names, { minLength: 1 }),
      fc.constantFrom(...names),
      fc.boolean(),
      (serving, holder, isTownHeard) => {
        const far = { chainStillMs: 10 * limits.lostAfterMs, holderSilentMs: Infinity };
        const stands = serving.map((machine) =>
          mayTake({ ...orphaned, ...far, machine, holder, serving, isTownHeard }),
        );
        if (isTownHeard) expect(stands).not.toContain("try");
        else if (serving.some((name) => name !== holder)) expect(stands).toContain("try");
      },
    ),
  );
});
