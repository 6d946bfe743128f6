import { durationMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import {
  addEdges,
  claimBead,
  closeBead,
  createBead,
  releaseBead,
  setFields,
} from "#services/ledger/drafts.ts";
import { mergeField, mergeStateField, workField } from "#services/ledger/work-fields.ts";
import { percentile } from "./percentiles.ts";
import { scratchAudit } from "./scratch-audit.ts";

const minute = 60_000;
const worker = { machine: "vm-a", polecat: "rigs/alpha/polecats/nux" };

type Town = Awaited<ReturnType<typeof scratchAudit>>;

/** File, claim after 10 minutes, work 20, wait 3 in the queue, 5 in gates, land. */
async function live(town: Town, id: string, issueType = "task") {
  await town.write(createBead({ uid: id, id, title: id, issueType }));
  town.pass(10 * minute);
  await town.write(claimBead(id, "1.1", worker));
  town.pass(20 * minute);
  const merge = { rig: "alpha", branch: "b", commit: "c", target: "main", epoch: "1.1.0" };
  const fields = {
    [workField.name]: id,
    [mergeField.name]: { ...merge, worker: worker.polecat },
    [mergeStateField.name]: "queued",
  };
  const mr = `${id}.mr`;
  await town.write(createBead({ uid: mr, id: mr, title: mr, issueType: "merge-request", fields }));
  town.pass(3 * minute);
  await town.write(setFields(mr, { [mergeStateField.name]: "testing" }));
  town.pass(5 * minute);
  const closing = { close: "m", kind: "merged", reason: "landed" };
  await town.write(
    setFields(mr, { [mergeStateField.name]: "landed" }),
    closeBead(mr, closing),
    closeBead(id, closing),
  );
}

const minutes = (length: Parameters<typeof durationMs>[0] | undefined) =>
  length === undefined ? undefined : durationMs(length) / minute;

test("where the time of one bead went", async () => {
  const town = await scratchAudit();
  await live(town, "alpha-a");
  const { total } = await town.ask("getStats", {});
  expect(total).toMatchObject({ completed: 1, failed: 0, lead: { count: 1 } });
  const at = (name: "lead" | "cycle" | "waiting" | "working" | "inGates" | "inQueue") =>
    minutes(total?.[name]?.p50 as Parameters<typeof durationMs>[0]);
  expect([at("lead"), at("cycle"), at("waiting")]).toEqual([38, 28, 10]);
  expect([at("working"), at("inQueue"), at("inGates")]).toEqual([20, 3, 5]);
});

test("waiting begins once nothing held the bead back", async () => {
  const town = await scratchAudit();
  await town.write(createBead({ uid: "w", id: "alpha-w", title: "w" }));
  await town.write(createBead({ uid: "p", id: "alpha-p", title: "p" }));
  await town.write(addEdges("w", [{ to: "p", type: "blocks" }]));
  town.pass(60 * minute);
  await town.write(closeBead("p", { close: "p", kind: "done", reason: "" }));
  town.pass(7 * minute);
  await town.write(claimBead("w", "1.1", worker));
  town.pass(minute);
  await town.write(releaseBead("w", "1.1", "lost"));
  town.pass(30 * minute);
  await town.write(claimBead("w", "1.2", worker));
  town.pass(2 * minute);
  await town.write(closeBead("w", { close: "w", kind: "done", reason: "by hand" }));
  const { agents } = await town.ask("getStats", {});
  const nux = agents?.find(({ name }) => name === worker.polecat);
  const p50 = nux?.waiting?.p50 as Parameters<typeof durationMs>[0];
  expect(minutes(p50)).toBe(7);
  expect(minutes(nux?.working?.p50 as typeof p50)).toBe(3);
  expect(nux?.inQueue?.count).toBe(0);
});

test("by rig, type, agent and week; weeks without any stand between", async () => {
  const town = await scratchAudit();
  await live(town, "alpha-a");
  await live(town, "alpha-b", "bug");
  town.pass(14 * 86_400_000);
  const sinceMs = town.nowMs();
  await live(town, "beta-a");
  await town.write(createBead({ uid: "f", id: "beta-f", title: "f" }));
  await town.write(closeBead("f", { close: "f", kind: "wontfix", reason: "" }));
  await town.write(createBead({ uid: "e", id: "hq-e", title: "e", issueType: "epic" }));
  await town.write(closeBead("e", { close: "e", kind: "done", reason: "" }));
  const all = await town.ask("getStats", {});
  const counts = (groups: typeof all.rigs) =>
    groups?.map(({ name, completed, failed }) => [name, completed, failed]);
  expect(counts(all.rigs)).toEqual([
    ["alpha", 2, 0],
    ["beta", 1, 1],
  ]);
  expect(counts(all.issueTypes)).toEqual([
    ["task", 2, 1],
    ["bug", 1, 0],
  ]);
  expect(counts(all.agents)).toEqual([
    [worker.polecat, 3, 0],
    ["town", 0, 1],
  ]);
  expect(counts(all.weeks)).toEqual([
    ["2025-12-29", 2, 0],
    ["2026-01-05", 0, 0],
    ["2026-01-12", 1, 1],
  ]);
  const alpha = await town.ask("getStats", { rig: "alpha" });
  expect(alpha.total).toMatchObject({ completed: 2, failed: 0 });
  const late = await town.ask("getStats", { since: timestampFromMs(sinceMs) });
  expect(late.total).toMatchObject({ completed: 1, failed: 1 });
});

test("of nothing there is nothing to say", async () => {
  const town = await scratchAudit();
  expect(await town.ask("getStats", {})).toMatchObject({
    total: { completed: 0, lead: { count: 0 } },
    weeks: [],
  });
});

test.for([
  [[5], 50, 5],
  [[1, 2, 3, 4], 50, 2],
  [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 90, 9],
  [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 99, 10],
] as const)("of %j the %ith percentile is %i", ([values, percent, expected]) => {
  expect(percentile(values, percent)).toBe(expected);
});
