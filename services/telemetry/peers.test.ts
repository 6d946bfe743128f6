import { expect, test } from "vitest";
import { connectMemoryBus, createMemoryBroker } from "#services/bus/bus-memory.ts";
import { ManualClock } from "#services/lifecycle/clock.ts";
import { listenToPeers } from "./peers.ts";

test("silence counts only while somebody could be heard", async () => {
  const broker = createMemoryBroker();
  const bus = connectMemoryBus(broker, { name: "town" });
  const clock = new ManualClock(1_000_000);
  const signal = new AbortController().signal;
  const peers = listenToPeers({ bus, town: "t", clock, signal, onBeat: () => {} });
  peers.heardEvent("vm-a", clock.nowMs());
  clock.advance(15_001);
  expect(peers.isSilent("vm-a", 15_000)).toBe(true);

  broker.cut();
  expect(peers.isHeard("vm-a", 15_000)).toBe(false);
  expect(peers.isSilent("vm-a", 15_000)).toBe(false);
  clock.advance(60_000);
  expect(peers.isSilent("vm-a", 15_000)).toBe(false);

  broker.heal();
  await untilUp(bus);
  expect(peers.isSilent("vm-a", 15_000)).toBe(false);
  clock.advance(15_001);
  expect(peers.isSilent("vm-a", 15_000)).toBe(true);
  await bus.close();
});

async function untilUp(bus: ReturnType<typeof connectMemoryBus>): Promise<void> {
  if (bus.isUp()) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const watching = bus.onLink((up) => up && resolve());
  await promise;
  watching.stop();
}
