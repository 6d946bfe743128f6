import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { runActor } from "./actor.ts";
import { ManualClock } from "./clock.ts";

function scratch(restMs: number) {
  const clock = new ManualClock();
  const stop = new AbortController();
  const rounds: number[] = [];
  const actor = runActor({
    name: "scratch",
    clock,
    signal: stop.signal,
    everyMs: 5_000,
    restMs,
    round: async () => void rounds.push(clock.nowMs()),
    report: (error) => {
      throw error;
    },
  });
  const advance = async (byMs: number) => {
    clock.advance(byMs);
    await turn();
  };
  return { actor, rounds, advance, stop };
}

test("it rests between two rounds however often it is rung, and forgets no ring", async () => {
  const { actor, rounds, advance, stop } = scratch(250);
  await turn();
  actor.ring();
  await advance(100);
  actor.ring();
  expect(rounds).toEqual([0]);
  await advance(150);
  expect(rounds).toEqual([0, 250]);
  await advance(250);
  expect(rounds).toEqual([0, 250]);
  stop.abort();
  await actor.ended;
});

test("without a rest a ring starts the next round at once", async () => {
  const { actor, rounds, advance, stop } = scratch(0);
  await advance(10);
  actor.ring();
  await turn();
  expect(rounds).toEqual([0, 10]);
  stop.abort();
  await actor.ended;
});
