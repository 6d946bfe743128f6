import { expect, test } from "vitest";
import { untilAborted } from "./until-aborted.ts";

test("what a source throws while it is told to finish is reported, not lost", async () => {
  const controller = new AbortController();
  const failure = new Error("while cleaning up");
  const reported = Promise.withResolvers<unknown>();
  const source = (async function* () {
    try {
      yield 1;
    } finally {
      await Promise.reject(failure);
    }
  })();
  const items = untilAborted(source, controller.signal, reported.resolve);
  expect(await items.next()).toEqual({ done: false, value: 1 });
  controller.abort("enough");
  await expect(items.next()).rejects.toBe("enough");
  expect(await reported.promise).toBe(failure);
});

test("a long stream leaves no listeners behind", async () => {
  let listeners = 0;
  const { signal } = new AbortController();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners += 1;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners -= 1;
    removeEventListener.apply(signal, args);
  };
  const source = (async function* () {
    for (let i = 0; i < 100; i += 1) yield i;
  })();
  let sum = 0;
  for await (const i of untilAborted(source, signal, () => {})) sum += i;
  expect(sum).toBe(4_950);
  expect(listeners).toBe(0);
});
