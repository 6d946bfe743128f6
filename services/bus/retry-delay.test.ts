import { expect, test } from "vitest";
import { pause, retryDelayMs } from "./retry-delay.ts";

const limits = { baseMs: 100, maxMs: 5_000 };

test.for([
  { attempt: 1, random: 0, expected: 50 },
  { attempt: 1, random: 1, expected: 100 },
  { attempt: 3, random: 0, expected: 200 },
  { attempt: 3, random: 1, expected: 400 },
  { attempt: 1_000_000, random: 0, expected: 2_500 },
  { attempt: 1_000_000, random: 1, expected: 5_000 },
])("attempt $attempt at random $random waits $expected ms", ({ attempt, random, expected }) => {
  expect(retryDelayMs(attempt, limits, random)).toBe(expected);
});

test("a pause ends with its signal, raised before or during it", async () => {
  const stop = new AbortController();
  const waiting = pause(1e8, stop.signal);
  stop.abort();
  await waiting;
  await pause(1e8, stop.signal);
});
