import { expect, test } from "vitest";
import { Random } from "./random.ts";

test("a seed says the same on every machine", () => {
  const random = new Random(1);
  const drawn = [random.next(), random.int(1, 6), random.base36(6), random.shuffle([1, 2, 3, 4])];
  expect(drawn).toEqual([3_581_614_736, 2, "td9j3e", expect.any(Array)]);
});

test("different seeds and names say different things", () => {
  const texts = [new Random(1), new Random(2), new Random(1).split("a"), new Random(1).split("b")];
  expect(new Set(texts.map((each) => each.base36(12))).size).toBe(4);
});

test("what one part asks for does not shift another", () => {
  const calm = new Random(7);
  const busy = new Random(7);
  for (let times = 0; times < 100; times += 1) busy.split("work").next();
  expect(busy.split("faults").base36(8)).toBe(calm.split("faults").base36(8));
  expect(busy.next()).toBe(calm.next());
});

test("whole numbers are in their range and about as likely", () => {
  const random = new Random("even");
  const counts = [0, 0, 0, 0, 0];
  for (let times = 0; times < 5_000; times += 1) {
    const drawn = random.int(3, 7);
    counts[drawn - 3] = (counts[drawn - 3] ?? 0) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
});

test("percent is what it says", () => {
  const random = new Random("chance");
  const hits = (share: number) =>
    Array.from({ length: 2_000 }, () => random.percent(share)).filter(Boolean).length;
  expect(hits(0)).toBe(0);
  expect(hits(100)).toBe(2_000);
  expect(Math.abs(hits(25) - 500)).toBeLessThan(100);
});

test("a shuffle keeps everything, some takes different ones", () => {
  const random = new Random("mixed");
  const all = [1, 2, 3, 4, 5, 6, 7, 8];
  expect(random.shuffle(all).sort()).toEqual(all);
  expect(new Set(random.some(all, 5)).size).toBe(5);
  expect(random.some(all, 20)).toHaveLength(8);
});
