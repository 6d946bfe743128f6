import { expect, test } from "vitest";
import { logTail } from "./log-tail.ts";

test("of a log's end the warnings are told, with their reasons", () => {
  const log = [
    '{"level":30,"msg":"starting"}',
    '{"level":50,"msg":"cannot serve","err":{"message":"port 1 is in use"}}',
    '{"level":30,"msg":"stopped"}',
  ];
  expect(logTail(log.join("\n"))).toBe("cannot serve: port 1 is in use");
});

test("plain words count as much as errors, stack lines do not", () => {
  expect(logTail("Error: broken\n    at x (y:1)\n")).toBe("Error: broken");
  expect(logTail('{"level":30,"msg":"a"}\n{"level":30,"msg":"b"}\n')).toBe("a; b");
  expect(logTail("")).toBe("");
  expect(logTail("these cannot be used:\n  --x: no such setting\n")).toBe(
    "these cannot be used: --x: no such setting",
  );
});
