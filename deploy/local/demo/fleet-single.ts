import { join } from "node:path";
import { connectMemoryBus, createMemoryBroker } from "#services/bus/bus-memory.ts";
import { systemClock } from "#services/lifecycle/clock.ts";
import { openLog } from "#services/telemetry/log.ts";
import { RigAgentConfig } from "../../../rig-agent/config.ts";
import { becomeMember } from "../../../rig-agent/membership.ts";
import { startRigAgent } from "../../../rig-agent/start.ts";
import { TownConfig } from "../../../town/config.ts";
import { startTown } from "../../../town/start.ts";
import { changeTownFile } from "../home/town-file.ts";
import { machineHome } from "../process/plan.ts";
import { type Fleet, type FleetOptions, machines } from "./fleet.ts";

/** Where there is no nats-server: the same town and rig-agents in this very process. */
export async function startSingle(options: FleetOptions): Promise<Fleet> {
  const { home, ledgerRemote } = options;
  const broker = createMemoryBroker();
  const stop = new AbortController();
  const ended: Promise<void>[] = [];
  const parts = (name: string) => ({
    bus: connectMemoryBus(broker, { name, signal: options.signal }),
    clock: systemClock,
    // Its own lines would tear the tree that a person looks at.
    log: openLog({ name, level: "silent" }),
    signal: stop.signal,
  });
  const end = async () => {
    stop.abort();
    await Promise.all(ended);
  };
  try {
    const config = TownConfig.parse({ townName: "demo", home: join(home, "town"), ledgerRemote });
    const town = await startTown(config, parts("town"));
    ended.push(town.ended);
    const { address } = town;
    changeTownFile(home, (file) => ({ ...file, town: "demo", address, ledgerRemote }));
    for (const machine of machines) {
      const own = { machine, home: machineHome(home, machine), townAddress: address };
      const agentConfig = RigAgentConfig.parse(own);
      const member = await becomeMember(agentConfig);
      const agent = await startRigAgent(agentConfig, { member, ...parts(machine) });
      ended.push(agent.ended);
      const socket = { [machine]: agent.socket };
      changeTownFile(home, (file) => ({ ...file, sockets: { ...file.sockets, ...socket } }));
    }
    return { address, stop: end };
  } catch (error) {
    await end();
    throw error;
  }
}
