import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { MachineState } from "#proto/gastown/v1/fleet_service_pb.ts";
import { connectMemoryBus, createMemoryBroker } from "#services/bus/bus-memory.ts";
import { setFields } from "#services/ledger/drafts.ts";
import { lostField, machines } from "#services/ledger/machines.ts";
import { ManualClock } from "#services/lifecycle/clock.ts";
import { listenToPeers } from "#services/telemetry/peers.ts";
import { scratchTown } from "../scratch-town.ts";
import { diagnose } from "../town/diagnose.ts";
import { machineMessage } from "./fleet-message.ts";

test("a silent machine is silent to all at one time, and lost once the town says so", async () => {
  const { ledger, nowMs } = await scratchTown();
  const bus = connectMemoryBus(createMemoryBroker(), { name: "town" });
  const clock = new ManualClock(nowMs());
  const { signal } = new AbortController();
  const peers = listenToPeers({ bus, town: "t", clock, signal, onBeat: () => {} });
  const first = () => {
    const [machine] = machines(ledger.world);
    if (machine === undefined) throw new Error("the scratch town has a machine");
    return machine;
  };
  const { name } = first().machine;
  peers.heardEvent(name, clock.nowMs());
  const shown = () => machineMessage(first(), ledger.world, peers, clock.nowMs());
  const places = { town: "t", endpoint: "town", home: "/h", startedMs: clock.nowMs() };
  const found = () => {
    const ports = { ...places, ledger, bus, peers, isRemoteUp: () => true, nowMs: clock.nowMs };
    return diagnose(ports).find((each) => each.name === "machines")?.detail;
  };
  await clock.advance(14_000);
  expect(shown()).toMatchObject({ state: MachineState.READY, link: "git" });
  expect(found()).toBe("all are heard");
  await clock.advance(26_000);
  expect(shown()).toMatchObject({ state: MachineState.READY, link: "silent" });
  expect(found()).toContain(`${name} not heard for 40 s`);
  await clock.advance(21_000);
  expect(shown()).toMatchObject({ state: MachineState.READY, link: "silent" });
  const sinceAt = new Date(clock.nowMs()).toISOString();
  const lost = { [lostField.name]: { sinceAt, why: "not heard for 61 s" } };
  await ledger.append("deacon", [setFields(first().bead.uid, lost)]);
  expect(shown()).toMatchObject({ state: MachineState.LOST, link: "silent" });
  expect(shown().lostTime).toEqual(timestampFromMs(clock.nowMs()));
});

test("polecats that have left, or whose machine is lost, are not counted", async () => {
  const { ledger, nowMs } = await scratchTown();
  const [host] = machines(ledger.world);
  if (!host) throw new Error("the scratch town has a machine");
  const polecats = [{ health: "working" }, { health: "done" }];
  const peers = {
    of: () => ({ beat: { polecats, authorities: [] }, heardMs: nowMs(), link: "bus" }),
    isSilent: () => false,
    isHeard: () => true,
  } as unknown as Parameters<typeof machineMessage>[2];
  const shown = (more = {}) => machineMessage({ ...host, ...more }, ledger.world, peers, nowMs());
  expect(shown()).toMatchObject({ polecatsRunning: 1 });
  const lostSince = new Date(nowMs()).toISOString();
  expect(shown({ lostSince })).toMatchObject({ polecatsRunning: 0 });
});
