import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Bus } from "#services/bus/bus.ts";
import { connectMemoryBus, createMemoryBroker } from "#services/bus/bus-memory.ts";
import { runGit } from "#services/git/run-git.ts";
import { systemClock } from "#services/lifecycle/clock.ts";
import { openLog } from "#services/telemetry/log.ts";
import { RigAgentConfig } from "./config.ts";
import { ownIdentity } from "./identity.ts";
import { socketPath } from "./membership.ts";
import { startRigAgent } from "./start.ts";

async function scratch() {
  const root = await mkdtemp(join(tmpdir(), "gt-start-"));
  const ledgerRemote = join(root, "ledger.git");
  await runGit(["init", "--quiet", "--bare", ledgerRemote], { cwd: root });
  const broker = createMemoryBroker();
  const stop = new AbortController();
  const ends: Promise<unknown>[] = [];
  onTestFinished(async () => {
    stop.abort();
    await Promise.allSettled(ends);
    await rm(root, { recursive: true });
  });
  /** Start vm-a in a home; `wrote` is told of each event that it publishes. */
  const start = async (name: string, isLetIn: boolean, wrote = (_: string) => {}) => {
    const home = join(root, name);
    const config = RigAgentConfig.parse({ machine: "vm-a", home, logLevel: "silent" });
    const member = {
      ...{ version: 1 as const, machine: "vm-a", town: "t", natsUrl: "", ledgerRemote },
      ...{ socket: socketPath(home), identity: await ownIdentity(home), isLetIn },
    };
    const memory = connectMemoryBus(broker, { name });
    const bus: Bus = {
      ...memory,
      publish: (subject, payload, dedupeId) => {
        wrote(new TextDecoder().decode(payload));
        return memory.publish(subject, payload, dedupeId);
      },
    };
    const log = openLog({ name, level: "silent" });
    const parts = { member, bus, clock: systemClock, log, signal: stop.signal };
    const agent = await startRigAgent(config, parts);
    ends.push(agent.ended);
    return agent;
  };
  return { root, start, stop };
}

test("enrolled once it can be heard, a machine ends when its name is taken", async () => {
  const { root, start, stop } = await scratch();
  const socket = socketPath(join(root, "first"));
  const isServedAt: boolean[] = [];
  const first = await start("first", true, (event) => {
    if (event.includes("gt.identity")) isServedAt.push(existsSync(socket));
  });
  // All that takes its time is over: it must not be lost before its first beat.
  expect(isServedAt).toEqual([true]);
  const second = await start("second", true);
  await expect(first.ended).rejects.toThrow("another home is machine vm-a now");
  expect(existsSync(socket)).toBe(false);
  // With the town away the ledger says so too, before anything is done.
  await expect(start("first", false)).rejects.toThrow("gt machine lost vm-a --for-good");
  stop.abort();
  await second.ended;
});
