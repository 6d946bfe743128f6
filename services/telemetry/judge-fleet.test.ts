import fc from "fast-check";
import { expect, test } from "vitest";
import { type FleetView, fleetLimits, judgeFleet, type KnownMachine } from "./judge-fleet.ts";

const startedMs = 1_000_000;
const { graceMs, lostAfterMs, brakeMaxFactor } = fleetLimits;

/** A fleet an hour after our start: who was silent for so long; undefined: never heard. */
function judge(
  silentMs: Readonly<Record<string, number | undefined>>,
  more: Partial<FleetView> & { readonly known?: Record<string, Partial<KnownMachine>> } = {},
) {
  const { known = {}, ...rest } = more;
  const nowMs = rest.nowMs ?? startedMs + 3_600_000;
  const machines = Object.entries(silentMs).map(([name, silent]) => ({
    name,
    heardMs: silent === undefined ? undefined : nowMs - silent,
    ...known[name],
  }));
  const bus = { isBusUp: true, upSinceMs: undefined };
  const view = { ...bus, limits: fleetLimits, startedMs, nowMs, ...rest, machines };
  const { lost, braked } = judgeFleet(view);
  return { lost: [...lost.keys()], braked, of: (name: string) => lost.get(name) };
}

const alive = { "vm-b": 0, "vm-c": 4_000 };

test("a machine is lost after lostAfter, and not before", () => {
  expect(judge({ "vm-a": lostAfterMs, ...alive }).lost).toEqual([]);
  const { lost, of } = judge({ "vm-a": lostAfterMs + 1, ...alive });
  expect(lost).toEqual(["vm-a"]);
  expect(of("vm-a")?.why).toBe("not heard for 60 s");
  expect(of("vm-a")?.sinceMs).toBe(startedMs + 3_600_000 - lostAfterMs - 1);
});

test("nobody is lost in the grace after a start, never heard or long ago", () => {
  const silent = { "vm-a": undefined, ...alive };
  const early = startedMs + 2 * graceMs - 1;
  expect(judge(silent, { nowMs: early }).lost).toEqual([]);
  expect(judge({ ...silent, "vm-a": 900_000 }, { nowMs: early }).lost).toEqual([]);
  expect(judge(silent, { nowMs: early + 1 }).lost).toEqual(["vm-a"]);
  const bare = { ...fleetLimits, graceMs: 0 };
  expect(judge(silent, { nowMs: startedMs, limits: bare }).lost).toEqual(["vm-a"]);
});

test("silence says nothing while the bus is down, and not at once after it came up", () => {
  const silent = { "vm-a": 900_000, ...alive };
  const nowMs = startedMs + 3_600_000;
  expect(judge(silent, { isBusUp: false }).lost).toEqual([]);
  expect(judge(silent, { upSinceMs: nowMs - lostAfterMs + 1 }).lost).toEqual([]);
  expect(judge(silent, { upSinceMs: nowMs - lostAfterMs }).lost).toEqual(["vm-a"]);
});

test("with more than half silent nobody new is lost, until ten times as long", () => {
  const silent = { "vm-a": 70_000, "vm-b": 65_000, "vm-c": 1_000 };
  expect(judge(silent)).toMatchObject({ lost: [], braked: ["vm-a", "vm-b"] });
  const long = brakeMaxFactor * lostAfterMs;
  expect(judge({ ...silent, "vm-a": long }).lost).toEqual(["vm-a"]);
  const off = { ...fleetLimits, brakeShare: 1 };
  expect(judge(silent, { limits: off }).lost).toEqual(["vm-a", "vm-b"]);
});

test("exactly half is no storm", () => {
  expect(judge({ "vm-a": 70_000, "vm-b": 0 }).lost).toEqual(["vm-a"]);
});

test("the first to pass lostAfter is held back with the rest of its storm", () => {
  const storm = { "vm-a": 60_001, "vm-b": 58_000, "vm-c": 56_000, "vm-d": 0 };
  expect(judge(storm)).toMatchObject({ lost: [], braked: ["vm-a"] });
});

test("who is long lost is no part of a storm", () => {
  const gone = { "vm-x": undefined, "vm-y": undefined };
  const known = { "vm-x": { lostSinceMs: 5 }, "vm-y": { lostSinceMs: 6 } };
  const { lost } = judge({ ...gone, "vm-a": 61_000, ...alive }, { known });
  expect(lost).toEqual(["vm-x", "vm-y", "vm-a"]);
});

test("after ten times lostAfter since our own start, not since a past before it", () => {
  const silent = { "vm-a": undefined, "vm-b": undefined, "vm-c": 0 };
  const long = brakeMaxFactor * lostAfterMs;
  expect(judge(silent, { nowMs: startedMs + long - 1 }).lost).toEqual([]);
  expect(judge(silent, { nowMs: startedMs + long }).lost).toEqual(["vm-a", "vm-b"]);
});

test("a word of the overseer's passes the brake and a bus that is down, until it is heard", () => {
  const nowMs = startedMs + 3_600_000;
  const silent = { "vm-a": 70_000, "vm-b": 65_000, "vm-c": 0 };
  const told = { known: { "vm-a": { confirmedMs: nowMs - 1_000 } } };
  expect(judge(silent, told).lost).toEqual(["vm-a"]);
  expect(judge(silent, { ...told, isBusUp: false }).lost).toEqual(["vm-a"]);
  expect(judge({ ...silent, "vm-a": 500, "vm-b": 0 }, told).lost).toEqual([]);
  // A word of long ago is none right after a start: it may have been heard since, before us.
  const old = { known: { "vm-a": { confirmedMs: 5 } }, nowMs: startedMs + graceMs };
  expect(judge({ "vm-a": undefined, "vm-b": 0 }, old).lost).toEqual([]);
});

test("who is lost stays so through a start of ours and a bus that is down", () => {
  const known = { "vm-a": { lostSinceMs: 7 } };
  const start = { known, nowMs: startedMs, isBusUp: false };
  expect(judge({ "vm-a": undefined, "vm-b": 0 }, start).of("vm-a")?.sinceMs).toBe(7);
  expect(judge({ "vm-a": 100, "vm-b": 0 }, start).lost).toEqual([]);
});

const silence = fc.option(fc.integer({ min: 0, max: 2_000_000 }), { nil: undefined });
const fleets = fc.array(silence, { minLength: 1, maxLength: 9 });

function fleetOf(silent: readonly (number | undefined)[]) {
  return Object.fromEntries(silent.map((each, index) => [`m${index}`, each]));
}

test("whoever was heard within lostAfter is never lost, whatever else is so", () => {
  const whens = fc.integer({ min: 0, max: 5_000_000 });
  fc.assert(
    fc.property(fleets, whens, fc.boolean(), (silent, sinceStart, isBusUp) => {
      const fleet = fleetOf(silent);
      const { lost } = judge(fleet, { nowMs: startedMs + sinceStart, isBusUp });
      for (const name of lost) expect(fleet[name] ?? Infinity).toBeGreaterThan(lostAfterMs);
      if (!isBusUp || sinceStart < 2 * graceMs) expect(lost).toEqual([]);
    }),
  );
});

test("more silence of one never makes another lost", () => {
  fc.assert(
    fc.property(fleets, fc.nat(8), fc.nat(2_000_000), (silent, at, moreMs) => {
      const before = judge(fleetOf(silent)).lost;
      const index = at % silent.length;
      const later = silent.map((each, i) => (i === index ? (each ?? 0) + moreMs : each));
      if (silent[index] === undefined) return;
      const after = judge(fleetOf(later)).lost;
      for (const name of after) if (name !== `m${index}`) expect(before).toContain(name);
    }),
  );
});

test("silent for long is lost or held back by the brake, never forgotten", () => {
  fc.assert(
    fc.property(fleets, (silent) => {
      const { lost, braked } = judge(fleetOf(silent));
      const overdue = silent.filter((each) => (each ?? Infinity) > lostAfterMs).length;
      expect(lost.length + braked.length).toBe(overdue);
    }),
  );
});
