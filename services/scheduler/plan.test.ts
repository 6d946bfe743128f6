import fc from "fast-check";
import { expect, test } from "vitest";
import { type Candidate, plan, type Seat } from "./plan.ts";

function seat(machine: string, free: number, more: Partial<Seat> = {}): Seat {
  return { machine, free, closed: undefined, serves: () => true, ...more };
}

function candidate(uid: string, more: Partial<Candidate> = {}): Candidate {
  return { uid, rig: "alpha", machine: undefined, ...more };
}

const roomy = [{ rig: "alpha", free: 100 }];

test("work spreads: each bead goes where most room is left", () => {
  const seats = [seat("vm-a", 2), seat("vm-b", 3)];
  const { placed } = plan(
    ["1", "2", "3"].map((uid) => candidate(uid)),
    seats,
    roomy,
  );
  expect(placed.map(({ machine }) => machine)).toEqual(["vm-b", "vm-a", "vm-b"]);
});

test.for([
  { seats: [], why: "no machine has joined yet" },
  { seats: [seat("vm-a", 0)], why: "vm-a has no free polecat" },
  { seats: [seat("vm-a", 1, { closed: "cordoned" })], why: "vm-a is cordoned" },
  { seats: [seat("vm-a", 1, { serves: () => false })], why: "vm-a does not serve rig alpha" },
])("a bead that is not placed says why: $why", ({ seats, why }) => {
  const { placed, waiting } = plan([candidate("1")], seats, roomy);
  expect(placed).toEqual([]);
  expect(waiting[0]?.reasons).toContain(why);
});

test("a bead that was slung to one machine waits for that one", () => {
  const seats = [seat("vm-a", 0), seat("vm-b", 9)];
  const { waiting } = plan([candidate("1", { machine: "vm-a" })], seats, roomy);
  expect(waiting[0]?.reasons).toEqual([
    "vm-a has no free polecat",
    "vm-b is not the machine it was slung to, vm-a",
  ]);
});

test("what is wrong with the machine that a bead was handed to is said first", () => {
  const seats = [seat("vm-a", 9), seat("vm-b", 9, { closed: "cordoned" })];
  const handed = { machine: "vm-b", wish: "handed", leaves: "vm-a" } as const;
  expect(plan([candidate("1", handed)], seats, roomy).waiting[0]?.reasons).toEqual([
    "vm-b is cordoned",
    "vm-a is not the machine it was handed to, vm-b",
  ]);
  const gone = plan([candidate("1", { ...handed, machine: "vm-z" })], seats, roomy);
  expect(gone.waiting[0]?.reasons[0]).toBe(
    "vm-z, which it was handed to, is no machine of the town",
  );
});

test("a bead that was handed off waits for another machine, and goes back where none could", () => {
  const leaving = candidate("1", { leaves: "vm-a" });
  const full = [seat("vm-a", 9), seat("vm-b", 0)];
  expect(plan([leaving], full, roomy).waiting[0]?.reasons).toEqual([
    "vm-a handed it off to another one",
    "vm-b has no free polecat",
  ]);
  const placedOn = (seats: Seat[]) => plan([leaving], seats, roomy).placed[0]?.machine;
  expect(placedOn([seat("vm-a", 9), seat("vm-b", 1)])).toBe("vm-b");
  expect(placedOn([seat("vm-a", 9), seat("vm-b", 9, { closed: "lost" })])).toBe("vm-a");
  expect(placedOn([seat("vm-a", 9), seat("vm-b", 9, { serves: () => false })])).toBe("vm-a");
});

test("no machine and no rig ever gets more than it has room for, and room is used up", () => {
  const rooms = fc.array(fc.nat(4), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(rooms, fc.nat(20), fc.nat(12), (free, beads, rigFree) => {
      const seats = free.map((room, index) => seat(`m${index}`, room));
      const candidates = Array.from({ length: beads }, (_, index) => candidate(`${index}`));
      const { placed, waiting } = plan(candidates, seats, [{ rig: "alpha", free: rigFree }]);
      for (const { machine, free: room } of seats) {
        expect(placed.filter((each) => each.machine === machine).length).toBeLessThanOrEqual(room);
      }
      const room = free.reduce((sum, each) => sum + each, 0);
      expect(placed.length).toBe(Math.min(beads, room, rigFree));
      expect(placed.length + waiting.length).toBe(beads);
    }),
  );
});
