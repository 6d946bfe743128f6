import { expect, test } from "vitest";
import { type Position, resume } from "./position.ts";

const last: Position = { storeId: "one", seq: 7, storedAtMs: 1_000 };
const same = { storeId: "one", lastSeq: 9, storedAtMs: 1_000 };

test.for([
  { what: "the store as it was", store: same, expected: 7 },
  { what: "a time rounded otherwise", store: { ...same, storedAtMs: 1_001 }, expected: 7 },
  { what: "the last message expired", store: { ...same, storedAtMs: undefined }, expected: 7 },
  { what: "another store", store: { ...same, storeId: "two" }, expected: 0 },
  { what: "a lost tail", store: { ...same, lastSeq: 6, storedAtMs: undefined }, expected: 0 },
  { what: "a lost tail, overwritten", store: { ...same, storedAtMs: 5_000 }, expected: 0 },
])("with $what a consumer goes on after $expected", ({ store, expected }) => {
  expect(resume(last, "new", store).seq).toBe(expected);
  expect(resume(last, "all", store).seq).toBe(expected);
});

test("the first time, all begins at the beginning and new at the end", () => {
  expect(resume(undefined, "all", same)).toEqual({
    storeId: "one",
    seq: 0,
    storedAtMs: undefined,
  });
  expect(resume(undefined, "new", same).seq).toBe(9);
});
