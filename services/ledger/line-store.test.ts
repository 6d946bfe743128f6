import { expect, test } from "vitest";
import { LineStore } from "./line-store.ts";

test("lines come back as they were put, long ones and other alphabets too", () => {
  const store = new LineStore();
  const lines = Array.from({ length: 3_000 }, (_, n) => `${n} 日本語 ${"x".repeat(n)}`);
  lines.push("", "y".repeat(3_000_000), "after");
  for (const line of lines) store.push(line);
  expect(store.length).toBe(lines.length);
  expect(lines.every((line, at) => store.at(at) === line)).toBe(true);
  expect(store.at(lines.length)).toBe("");
});
