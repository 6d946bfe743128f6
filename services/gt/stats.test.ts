import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { GetStatsResponseSchema } from "#proto/gastown/v1/audit_service_pb.ts";
import { statsPage } from "./stats.ts";
import { plainPaint } from "./terminal.ts";

test("the chart begins with the first week in which anything was done", () => {
  const done = new Set([1, 28, 30]);
  const weeks = Array.from({ length: 30 }, (_, at) => {
    const name = `week-${at + 1}`;
    return { name, completed: done.has(at + 1) ? 2 : 0 };
  });
  const response = create(GetStatsResponseSchema, { total: { completed: 6 }, weeks });
  const page = statsPage(response, { paint: plainPaint, columns: () => 80 });
  const [chart = ""] = page.split("\nTIME");
  expect(chart.match(/week-\d+/g)).toEqual(["week-28", "week-29", "week-30"]);
});
