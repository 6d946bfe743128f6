import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { createBead } from "#services/ledger/drafts.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { ManualClock } from "#services/lifecycle/clock.ts";
import { fleetLimits } from "#services/telemetry/judge-fleet.ts";
import { runAuthority } from "./run-authority.ts";
import { Terms } from "./terms.ts";

test("while a remote does not answer the fleet is judged on", async () => {
  const clock = new ManualClock(1_000_000);
  const stop = new AbortController();
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/j", machine: "vm-a", disk, nowMs: clock.nowMs });
  const rig = { name: "alpha", prefix: "al", remote: "r", target: "main" };
  const machine = { name: "vm-a", polecatsMax: 1 };
  const at = (uid: string) => ({ uid, id: `hq-${uid}`, title: uid });
  await ledger.append("overseer", [
    createBead({ ...at("r"), issueType: "rig", fields: { "gt.rig": rig } }),
    createBead({ ...at("m"), issueType: "machine", fields: { "gt.machine": machine } }),
  ]);
  const asked: number[] = [];
  const silence = Promise.withResolvers<string>();
  const verdict = () => {
    asked.push(clock.nowMs());
    return { lost: new Map(), braked: [] };
  };
  const authority = runAuthority({
    ...{ machine: "vm-a", ledger, clock, signal: stop.signal, terms: new Terms() },
    clone: () => silence.promise,
    reconcile: async () => {},
    isTownHeard: () => false,
    isHeard: () => true,
    fleet: { limits: fleetLimits, verdict, isDeaf: () => false, silentMs: () => 0 },
    report: () => {},
    took: () => {},
  });
  for (let seconds = 0; seconds < 60; seconds += 5) {
    await setImmediate();
    clock.advance(5_000);
  }
  await setImmediate();
  const gaps = asked.slice(1).map((atMs, index) => atMs - (asked[index] ?? 0));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(5_000);
  expect(asked.at(-1)).toBe(clock.nowMs());
  stop.abort();
  silence.reject(new Error("stopped"));
  await authority.ended;
});
