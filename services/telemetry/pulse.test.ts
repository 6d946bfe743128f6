import { expect, test } from "vitest";
import { hungAfterMs, openPulse } from "./pulse.ts";

const body = {
  ...{ machine: "vm-a", incarnation: "vm-a.1", version: "1.0.0", wire: 1, polecatsMax: 4 },
  ...{ heads: {}, authorities: [], polecats: [] },
};

test("nothing is said before there is something to say", () => {
  const pulse = openPulse();
  expect(pulse.ask(0)).toBe("ask");
  expect(pulse.beat(250)).toBeUndefined();
  pulse.hear({ body, loopLagMs: 3 }, 300);
  expect(pulse.beat(300)).toEqual({ ...body, atMs: 300, loopLagMs: 300, bodyAgeMs: 0 });
});

test("while the working thread is held up, the last word goes out, with its age", () => {
  const pulse = openPulse();
  pulse.ask(0);
  pulse.hear({ body, loopLagMs: 2 }, 1);
  expect(pulse.beat(1)).toMatchObject({ loopLagMs: 2, bodyAgeMs: 0 });
  expect(pulse.ask(5_000)).toBe("ask");
  expect(pulse.beat(5_250)).toMatchObject({ atMs: 5_250, loopLagMs: 250, bodyAgeMs: 5_249 });
  // One question stays open: the answer to come is to all of them.
  expect(pulse.ask(10_000)).toBe("asked already");
  expect(pulse.beat(10_250)).toMatchObject({ loopLagMs: 5_250, bodyAgeMs: 10_249 });
});

test("the worst lag since the last beat is told, also when it is over; then forgotten", () => {
  const pulse = openPulse();
  pulse.ask(0);
  pulse.hear({ body, loopLagMs: 0 }, 0);
  pulse.beat(0);
  pulse.ask(5_000);
  pulse.hear({ body, loopLagMs: 12 }, 9_000);
  expect(pulse.ask(10_000)).toBe("ask");
  pulse.hear({ body, loopLagMs: 1 }, 10_001);
  expect(pulse.beat(10_001)).toMatchObject({ loopLagMs: 4_000, bodyAgeMs: 0 });
  expect(pulse.beat(15_000)?.loopLagMs).toBe(0);
});

test("a loop that never answers again is let go in the end, and may come back", () => {
  const pulse = openPulse();
  pulse.ask(0);
  pulse.hear({ body, loopLagMs: 0 }, 0);
  pulse.ask(5_000);
  expect(pulse.beat(5_000 + hungAfterMs)?.loopLagMs).toBe(hungAfterMs);
  expect(pulse.beat(5_001 + hungAfterMs)).toBeUndefined();
  pulse.hear({ body, loopLagMs: 0 }, 6_000 + hungAfterMs);
  expect(pulse.beat(6_000 + hungAfterMs)).toMatchObject({ bodyAgeMs: 0 });
});
