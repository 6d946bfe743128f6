import { expect, test } from "vitest";
import { TownError } from "#services/rpc/town-error.ts";
import { failureOf, renderFailure } from "./failure.ts";
import { UsageError } from "./usage-error.ts";

test.for([
  { error: new TownError("state", "no"), exitCode: 1 },
  { error: new TownError("stale", "no"), exitCode: 1 },
  { error: new UsageError("what?"), exitCode: 2 },
  { error: new TownError("unavailable", "away"), exitCode: 3 },
  { error: new TownError("timeout", "slow"), exitCode: 3 },
  { error: new Error("bug"), exitCode: 4 },
  { error: "thrown text", exitCode: 4 },
])("$error ends with $exitCode", ({ error, exitCode }) => {
  expect(failureOf(error).exitCode).toBe(exitCode);
});

test("tells people what happened, where, and what to do", () => {
  const violations = [{ field: "title", description: "at most 500 characters" }];
  const error = new TownError("not_found", "no bead x", { violations });
  expect(renderFailure(failureOf(error), false)).toBe(
    "gt: no bead x\n    title: at most 500 characters\n    `gt list` shows what there is\n",
  );
  expect(renderFailure(failureOf(new TownError("state", "cycle a > b > a")), true)).toBe(
    '{"error":{"reason":"state","message":"cycle a > b > a"}}\n',
  );
});
