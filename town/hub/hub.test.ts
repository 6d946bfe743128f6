import { expect, test } from "vitest";
import { scratchRemote } from "#services/git/scratch-remote.ts";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { createBead } from "#services/ledger/drafts.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { hubAddition, viewMs, viewPath } from "./hub.ts";

test("the view is due until it is at the remote, and then not before it changed", async () => {
  await using scratch = await scratchRemote();
  const dir = await scratch.clone("ledger.git");
  let nowMs = 1_000_000;
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/j", machine: "town", disk, nowMs: () => nowMs });
  await ledger.append("overseer", [createBead({ uid: "a", id: "hq-a", title: "First" })]);
  const main = (await scratch.ref("refs/heads/main")) ?? "";
  const { signal } = new AbortController();
  const addition = hubAddition({ ledger, dir, nowMs: () => nowMs });

  const failed = await addition(main, signal);
  expect(failed.files.map(({ path }) => path)).toEqual([viewPath]);
  const again = await addition(main, signal);
  expect(again.files.map(({ path }) => path)).toEqual([viewPath]);
  again.pushed?.(main);
  nowMs += viewMs;
  expect(await addition(main, signal)).toEqual({ files: [], merge: [] });

  await ledger.append("overseer", [createBead({ uid: "b", id: "hq-b", title: "Second" })]);
  const next = await addition(main, signal);
  expect(next.files).toHaveLength(1);
  await ledger.append("overseer", [createBead({ uid: "c", id: "hq-c", title: "Meanwhile" })]);
  next.pushed?.(main);
  expect((await addition(main, signal)).files).toEqual([]);
  nowMs += viewMs;
  expect((await addition(main, signal)).files).toHaveLength(1);
});
