import { expect, test } from "vitest";
import { TownError } from "#services/rpc/town-error.ts";
import { failureOf, renderFailure } from "./failure.ts";
import { UsageError } from "./usage-error.ts";

test.for([
  { error: new TownError("state", "no"), exitCode: 1 },
  { error: new TownError("stale", "no"), exitCode: 1 },
  { error: new UsageError("what?"), exitCode: 2 },
  { error: new TownError("unavailable", "away"), exitCode: 3 },
  { error: new TownError("unavailable", "its remote is away", { isAway: false }), exitCode: 1 },
  { error: new TownError("timeout", "slow"), exitCode: 3 },
  { error: new Error("bug"), exitCode: 4 },
  { error: "thrown text", exitCode: 4 },
])("$error ends with $exitCode", ({ error, exitCode }) => {
  expect(failureOf(error).exitCode).toBe(exitCode);
});

test("tells people what happened, where, and what to do", () => {
  const violations = [{ field: "title", description: "at most 500 characters" }];
  const resource = { type: "bead", name: "x" };
  const error = new TownError("not_found", "no bead x", { violations, resource });
  expect(renderFailure(failureOf(error), false)).toBe(
    "gt: no bead x\n    title: at most 500 characters\n    `gt list` shows what there is\n",
  );
  expect(renderFailure(failureOf(new TownError("state", "cycle a > b > a")), true)).toBe(
    '{"error":{"reason":"state","message":"cycle a > b > a"}}\n',
  );
});

test("says nothing twice, and names the verb for what is not there", () => {
  const violations = [{ field: "id", description: "x is closed" }];
  const closed = new TownError("state", "x is closed", { violations });
  expect(renderFailure(failureOf(closed), false)).toBe("gt: x is closed\n");
  const resource = { type: "machine", name: "vm-z" };
  const lost = failureOf(new TownError("not_found", "no machine vm-z", { resource }));
  expect(lost.remedy).toBe("`gt machine list` shows what there is");
  const rest = failureOf(new TownError("unavailable", "vm-a is mute", { isAway: false }));
  expect(rest.remedy).not.toContain("gt up");
});
