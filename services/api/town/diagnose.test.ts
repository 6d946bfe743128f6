import { expect, test } from "vitest";
import { connectMemoryBus, createMemoryBroker } from "#services/bus/bus-memory.ts";
import { ManualClock } from "#services/lifecycle/clock.ts";
import { listenToPeers } from "#services/telemetry/peers.ts";
import { scratchTown } from "../scratch-town.ts";
import { diagnose } from "./diagnose.ts";
import type { MainStanding } from "./town-service.ts";

async function check(name: string, mainStanding?: () => MainStanding) {
  const { ledger, nowMs } = await scratchTown();
  const bus = connectMemoryBus(createMemoryBroker(), { name: "town" });
  const clock = new ManualClock(nowMs());
  const { signal } = new AbortController();
  const peers = listenToPeers({ bus, town: "t", clock, signal, onBeat: () => {} });
  ledger.alarm({ kind: "rewound-remote", detail: "main was at 1234 and is gone" });
  const places = { town: "t", endpoint: "town", home: "/home", startedMs: 0, nowMs };
  const whole = { ...places, ledger, bus, peers, isRemoteUp: () => true };
  const found = diagnose({ ...whole, ...(mainStanding && { mainStanding }) });
  return found.find((each) => each.name === name);
}

test("a town that was deposed fails its check, with what to do", async () => {
  const deposed = await check("ledger main", () => ({ ok: false, detail: "another has term 2" }));
  expect(deposed).toMatchObject({ ok: false, detail: "another has term 2" });
  expect(deposed?.remedy).toContain("end one of the two towns");
  const well = await check("ledger main", () => ({ ok: true, detail: "term 1" }));
  expect(well).toMatchObject({ ok: true, remedy: "" });
});

test("a machine, which writes no main, has no such check", async () => {
  expect(await check("ledger main")).toBeUndefined();
});

test("a remote that went back is told as an alarm of the ledger", async () => {
  const found = await check("ledger");
  expect(found).toMatchObject({ ok: false });
  expect(found?.detail).toContain("rewound-remote: main was at 1234 and is gone");
});
