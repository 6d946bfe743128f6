import { expect, test } from "vitest";
import { shrink } from "./shrink.ts";

const list = Array.from({ length: 20 }, (_, at) => at);

test.for([{ needed: [] }, { needed: [7] }, { needed: [3, 17] }, { needed: [0, 1, 19] }])(
  "what fails with $needed is left with them",
  async ({ needed }) => {
    const fails = async (some: readonly number[]) => needed.every((each) => some.includes(each));
    expect(await shrink(list, fails, 200)).toEqual(needed);
  },
);

test("after so many tries what is left is given as it is, and still fails", async () => {
  let tries = 0;
  const fails = async (some: readonly number[]) => {
    tries += 1;
    return some.includes(3) && some.includes(17);
  };
  const left = await shrink(list, fails, 5);
  expect(tries).toBe(5);
  expect(left).toEqual(expect.arrayContaining([3, 17]));
});
