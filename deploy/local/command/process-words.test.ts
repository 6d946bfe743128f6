import { expect, test } from "vitest";
import { processWords } from "./process-words.ts";

test.for([
  ["machines/vm-a", "machine vm-a"],
  ["rigs/alpha/polecats/nux", "polecat nux of alpha"],
  ["town", "the town"],
  ["nats", "its NATS server"],
  ["pid 7", "a process left behind (pid 7)"],
] as const)("%s is %s", ([name, expected]) => {
  expect(processWords(name)).toBe(expected);
});
