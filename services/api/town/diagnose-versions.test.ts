import { expect, test } from "vitest";
import { connectMemoryBus, createMemoryBroker } from "#services/bus/bus-memory.ts";
import { beatSubject } from "#services/bus/subjects.ts";
import { wireOldest, wireVersion } from "#services/config/version.ts";
import { ManualClock } from "#services/lifecycle/clock.ts";
import { type Beat, encodeBeat } from "#services/telemetry/beat.ts";
import { listenToPeers } from "#services/telemetry/peers.ts";
import { scratchTown } from "../scratch-town.ts";
import { diagnose } from "./diagnose.ts";

/** What `versions` says at an endpoint that heard a machine, or the town, speak this version. */
async function found(endpoint: string, from: string, wire: number) {
  const { ledger, nowMs } = await scratchTown();
  const broker = createMemoryBroker();
  const bus = connectMemoryBus(broker, { name: endpoint });
  const { signal } = new AbortController();
  const heard = Promise.withResolvers<void>();
  const clock = new ManualClock(nowMs());
  const peers = listenToPeers({
    ...{ bus, town: "t", clock, signal },
    onBeat: () => heard.resolve(),
  });
  const beat: Beat = {
    ...{ machine: from, incarnation: `${from}.1`, atMs: nowMs(), version: "0", wire },
    ...{ polecatsMax: 1, heads: {}, authorities: [], polecats: [], loopLagMs: 0 },
  };
  connectMemoryBus(broker, { name: from }).signal(beatSubject("t", from), encodeBeat(beat));
  await heard.promise;
  const places = { town: "t", endpoint, home: "/home", startedMs: 0, nowMs };
  const checks = diagnose({ ...places, ledger, bus, peers, isRemoteUp: () => true });
  return checks.find(({ name }) => name === "versions");
}

test.for([
  { endpoint: "town", from: "vm-a", wire: wireVersion, says: undefined },
  { endpoint: "town", from: "vm-a", wire: wireOldest, says: undefined },
  {
    endpoint: "town",
    from: "vm-a",
    wire: wireOldest - 1,
    says: /^vm-a is given nothing new: .*: upgrade the machine$/,
  },
  {
    endpoint: "vm-a",
    from: "town",
    wire: wireOldest,
    says: /^vm-a takes nothing new: .*: upgrade the town first$/,
  },
  { endpoint: "vm-a", from: "town", wire: wireVersion + 1, says: undefined },
])("at $endpoint, hearing $from speak $wire: $says", async ({ endpoint, from, wire, says }) => {
  const versions = await found(endpoint, from, wire);
  expect(versions?.ok).toBe(says === undefined);
  if (says) expect(versions?.detail).toMatch(says);
});
