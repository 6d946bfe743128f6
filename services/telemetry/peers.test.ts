import { expect, test, vi } from "vitest";
import { connectMemoryBus, createMemoryBroker } from "#services/bus/bus-memory.ts";
import { beatSubject } from "#services/bus/subjects.ts";
import { ManualClock } from "#services/lifecycle/clock.ts";
import { encodeBeat } from "./beat.ts";
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

function scratch() {
  const broker = createMemoryBroker();
  const [bus, other] = ["town", "vm-a"].map((name) => connectMemoryBus(broker, { name }));
  if (!bus || !other) throw new Error("two were connected");
  const clock = new ManualClock(100_000_000);
  const signal = new AbortController().signal;
  const peers = listenToPeers({ bus, town: "t", clock, signal, onBeat: () => {} });
  const beat = (atMs: number) =>
    other.signal(
      beatSubject("t", "vm-a"),
      encodeBeat({
        ...{ machine: "vm-a", incarnation: "vm-a.1", atMs, version: "1", wire: 1, heads: {} },
        ...{ polecatsMax: 1, authorities: [], polecats: [], loopLagMs: 0, bodyAgeMs: 0 },
      }),
    );
  return { clock, peers, beat };
}

const minuteMs = 60_000;

test.for([
  { name: "5 minutes behind", aheadMs: -5 * minuteMs },
  { name: "5 minutes ahead", aheadMs: 5 * minuteMs },
])("a machine whose clock is $name is heard by its events alone", ({ aheadMs }) => {
  const { clock, peers } = scratch();
  clock.advance(10 * minuteMs);
  peers.heardEvent("vm-a", clock.nowMs() + aheadMs);
  expect(peers.heardMs("vm-a")).toBe(clock.nowMs());
  expect(peers.of("vm-a")?.link).toBe("git");
});

test("what was written long ago and comes late is no sign of life", () => {
  const { clock, peers } = scratch();
  clock.advance(20 * minuteMs);
  const writtenMs = clock.nowMs() - 6 * minuteMs;
  peers.heardEvent("vm-a", writtenMs);
  expect(peers.heardMs("vm-a")).toBe(writtenMs);
});

test("where a beat showed its clock, a late event counts as of when it was written", async () => {
  const { clock, peers, beat } = scratch();
  const aheadMs = -4 * minuteMs;
  beat(clock.nowMs() + aheadMs);
  await vi.waitFor(() => expect(peers.heardMs("vm-a")).toBe(clock.nowMs()));
  expect(peers.of("vm-a")?.link).toBe("bus");
  const writtenMs = clock.nowMs() + 10_000;
  clock.advance(3 * minuteMs);
  peers.heardEvent("vm-a", writtenMs + aheadMs);
  expect(peers.heardMs("vm-a")).toBe(writtenMs);
  peers.heardEvent("vm-a", clock.nowMs() + 50 * minuteMs);
  expect(peers.heardMs("vm-a")).toBe(clock.nowMs());
});
