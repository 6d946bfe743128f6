import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { Random } from "./random.ts";
import { Timeline } from "./timeline.ts";
import { TimerHeap } from "./timer-heap.ts";

test("timers come in order of time, those of one moment as they were set", async () => {
  const timeline = new Timeline();
  const seen: string[] = [];
  const say = (word: string) => () => seen.push(`${timeline.elapsedMs} ${word}`);
  timeline.after(20, say("late"));
  timeline.after(10, say("a"));
  timeline.after(10, say("b"));
  timeline.after(10, say("called off"))();
  expect(await timeline.run(1_000)).toBe("idle");
  expect(seen).toEqual(["10 a", "10 b", "20 late"]);
});

test("the heap is in order, however it was filled", () => {
  const random = new Random("heap");
  const heap = new TimerHeap();
  const taken: number[] = [];
  for (let times = 0; times < 500; times += 1) {
    const cancel = heap.add(random.int(0, 50), () => {});
    if (random.percent(20)) cancel();
  }
  for (let next = heap.take(50); next; next = heap.take(50)) taken.push(next.atMs);
  expect(taken).toEqual([...taken].sort((a, b) => a - b));
  expect(heap.isEmpty()).toBe(true);
});

test("all that needs no timer happens before time goes on", async () => {
  const timeline = new Timeline();
  const seen: string[] = [];
  const work = async () => {
    for (let turns = 0; turns < 20; turns += 1) await nextTurn();
    for (let turns = 0; turns < 20; turns += 1) await null;
    await nextTurn();
    process.nextTick(() => void Promise.resolve().then(() => seen.push("settled")));
  };
  timeline.after(1, () => void work());
  timeline.after(2, () => seen.push("later"));
  await timeline.run(10);
  expect(seen).toEqual(["settled", "later"]);
});

test("a run ends at its time, or where it is told to", async () => {
  const timeline = new Timeline();
  let count = 0;
  const again = () => {
    count += 1;
    timeline.after(10, again);
  };
  again();
  expect(await timeline.run(35)).toBe("until");
  expect([count, timeline.elapsedMs]).toEqual([4, 35]);
  expect(await timeline.run(1_000, () => count === 6)).toBe("reached");
  expect([count, timeline.elapsedMs]).toEqual([6, 50]);
});

test("a process that stands still does late what fell due, and a dead one nothing", async () => {
  const timeline = new Timeline();
  const seen: string[] = [];
  const [one, two] = [timeline.process("one"), timeline.process("two")];
  for (const each of [one, two]) {
    each.clock.after(10, () => seen.push(`${each.name} ${timeline.elapsedMs}`));
    const cancel = each.clock.after(12, () => seen.push("called off"));
    each.clock.after(15, () => {
      cancel();
      seen.push(`${each.name} ${timeline.elapsedMs}`);
    });
  }
  one.pause();
  timeline.after(11, () => two.kill());
  timeline.after(100, () => one.resume());
  await timeline.run(1_000);
  expect(seen).toEqual(["two 10", "one 100", "called off", "one 100"]);
});

test("clocks are off by their machine's skew, and wait as long as the others", async () => {
  const timeline = new Timeline();
  const fast = timeline.process("fast", 300_000);
  let atMs = 0;
  fast.clock.after(50, () => {
    atMs = timeline.elapsedMs;
  });
  expect(fast.clock.nowMs() - timeline.nowMs()).toBe(300_000);
  await timeline.run(100);
  expect(atMs).toBe(50);
});

test("a dead process gets no answer, and what it asked for is done", async () => {
  const timeline = new Timeline();
  const process = timeline.process("one");
  const seen: string[] = [];
  const ask = async () => {
    await timeline.wait(10);
    seen.push("done");
    return "answer";
  };
  void process.call(ask).then((answer) => seen.push(answer));
  timeline.after(5, () => process.kill());
  timeline.after(20, () => void process.call(ask).then(() => seen.push("never")));
  await timeline.run(1_000);
  expect(seen).toEqual(["done"]);
});
