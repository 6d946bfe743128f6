import { expect, test } from "vitest";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { closeBead, createBead, moveBead } from "#services/ledger/drafts.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import type { MovedDown } from "#services/ledger/move-down.ts";
import { tierAges } from "#services/ledger/tiering.ts";
import { tierKeeper, tierMs } from "./keep-tiers.ts";

const dayMs = 86_400_000;
const { signal } = new AbortController();

async function scratch() {
  let nowMs = Date.parse("2026-01-01T00:00:00Z");
  const options = { dir: "/j", machine: "town", disk: new MemoryDisk(), nowMs: () => nowMs };
  const ledger = await openLedger(options);
  await ledger.append("ann", [
    createBead({ uid: "a", id: "hq-a", title: "A" }),
    closeBead("a", { close: "1", kind: "done", reason: "" }),
  ]);
  const moved: MovedDown[] = [];
  const told = (each: MovedDown) => void moved.push(each);
  const keep = tierKeeper({ ledger, nowMs: () => nowMs, ages: tierAges, told });
  const round = async (passMs: number) => {
    nowMs += passMs;
    moved.length = 0;
    await keep(signal);
    return [...moved];
  };
  return { ledger, round };
}

test("what is due is moved by the Deacon and told of, and of nothing nothing is told", async () => {
  const { ledger, round } = await scratch();
  expect(await round(0)).toEqual([]);
  expect(await round(31 * dayMs)).toEqual([{ recent: 1, archive: 0 }]);
  expect(await round(tierMs)).toEqual([]);
  expect(ledger.history("a").map(({ actor, op }) => `${actor} ${op}`)).toContain("deacon tier");
});

test("what left memory is read to be archived once a day only", async () => {
  const { ledger, round } = await scratch();
  await ledger.append("ann", [moveBead("a", "recent")]);
  expect(await round(180 * dayMs - tierMs)).toEqual([]);
  expect(await round(tierMs + 1)).toEqual([]);
  expect(await round(dayMs)).toEqual([{ recent: 0, archive: 1 }]);
});
