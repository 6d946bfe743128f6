import { expect, test } from "vitest";
import { datedLines } from "./work.ts";

test("the sample is filed as of now, and nothing else of it changes", () => {
  const text = '{"id":"a-1","created_at":"2020-01-01T00:00:00Z","title":"x"}\n\n';
  const at = "2026-05-06T07:08:09.000Z";
  expect(datedLines(text, new Date(at)).map((line) => JSON.parse(line))).toEqual([
    { id: "a-1", created_at: at, updated_at: at, title: "x" },
  ]);
});
