import { expect, test } from "vitest";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { createBead, setFields } from "#services/ledger/drafts.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import type { Observation } from "./observation.ts";
import { defaultLimits } from "./record.ts";
import { recordLedger } from "./record-ledger.ts";
import { Recorder } from "./recorder.ts";

const names = ["vm-a", "vm-b", "vm-c", "vm-d"];

/** A town of four machines; some fall silent when it is 1,000 s old, and one is held for lost. */
async function judge(
  silent: readonly string[],
  how: { readonly afterMs: number; readonly townUpMs?: number; readonly also?: Observation },
) {
  let atMs = 0;
  const recorder = new Recorder(defaultLimits, {});
  const nowMs = () => atMs;
  const options = { dir: "/town", machine: "town", disk: new MemoryDisk(), nowMs };
  const ledger = recordLedger(await openLedger(options), { recorder, by: "town", nowMs });
  recorder.see({ kind: "process", atMs: how.townUpMs ?? 0, of: "town", isUp: true });
  await ledger.append("town", names.map(machine));
  atMs = 1_000_000;
  for (const each of silent) {
    recorder.see({ kind: "silence", atMs, machine: each, isSilent: true, why: "stopped" });
  }
  if (how.also) recorder.see(how.also);
  atMs += how.afterMs;
  const lost = { sinceAt: "2026-01-01T00:00:00Z", why: "silent" };
  await ledger.append("deacon", [setFields("m-vm-a", { "gt.lost": lost })]);
  return recorder.violations.map(({ invariant, seen }) => `${invariant}: ${seen}`);
}

function machine(name: string) {
  const fields = { "gt.machine": { name, polecatsMax: 1 } };
  const kept = { uid: `m-${name}`, id: `hq-machine-${name}`, title: name, issueType: "machine" };
  return createBead({ ...kept, fields });
}

test("a machine that was silent for long may be held for lost", async () => {
  expect(await judge(["vm-a"], { afterMs: 61_000 })).toEqual([]);
});

test("a shorter pause makes nobody lost, though its last beat came a little before", async () => {
  expect(await judge(["vm-a"], { afterMs: 55_000 })).toEqual([]);
  expect(await judge(["vm-a"], { afterMs: 53_000 })).toEqual([
    "19: deacon held it for lost at 1053.000 s, though it had been silent for 53.000 s alone",
  ]);
});

test("a pause that is over counts no more", async () => {
  const back = { kind: "silence", machine: "vm-a", isSilent: false, why: "" } as const;
  const also = { ...back, atMs: 1_030_000 };
  expect(await judge(["vm-a"], { afterMs: 90_000, also })).toEqual([
    expect.stringContaining("silent for 0.000 s alone"),
  ]);
});

test("a town that has just begun holds nobody for lost", async () => {
  const townUpMs = 1_050_000;
  expect(await judge(["vm-a"], { afterMs: 70_000, townUpMs })).toEqual([
    expect.stringContaining("the town had run since 1050.000 s only"),
  ]);
});

test("when more than half fall silent at once, nobody is lost until long after", async () => {
  const most = ["vm-a", "vm-b", "vm-c"];
  expect(await judge(most, { afterMs: 120_000 })).toEqual([
    expect.stringContaining("3 of 4 were silent at once, and it for 120.000 s alone"),
  ]);
  expect(await judge(most.slice(1).concat("vm-a"), { afterMs: 601_000 })).toEqual([]);
  expect(await judge(["vm-a", "vm-b"], { afterMs: 120_000 })).toEqual([]);
});

test("what the overseer confirmed is lost at once", async () => {
  const also = { kind: "confirmed", atMs: 1_001_000, machines: ["vm-a"] } as const;
  expect(await judge(["vm-a", "vm-b", "vm-c"], { afterMs: 2_000, also })).toEqual([]);
});
