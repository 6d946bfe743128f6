import { expect, test } from "vitest";
import { takeTurns } from "./take-turns.ts";

test("a long walk lets others in between, and gives every item once", async () => {
  const { signal } = new AbortController();
  let others = 0;
  let isOver = false;
  const other = () => {
    others += 1;
    if (!isOver) setImmediate(other);
  };
  setImmediate(other);
  const all = Array.from({ length: 5_500 }, (_, n) => n);
  const taken: number[] = [];
  for await (const each of takeTurns(all, signal)) taken.push(each);
  isOver = true;
  expect(taken).toEqual(all);
  expect(others).toBeGreaterThanOrEqual(5);
});

test("it ends with its call", async () => {
  const end = new AbortController();
  const walk = async () => {
    for await (const each of takeTurns(new Array(5_000).keys(), end.signal)) {
      if (each === 10) end.abort(new Error("the caller went away"));
    }
  };
  await expect(walk()).rejects.toThrow("the caller went away");
});
