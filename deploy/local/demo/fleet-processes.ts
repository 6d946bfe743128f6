import type { ProcessTable } from "#services/runtime/process-table.ts";
import { listMembers } from "#services/runtime/process-tree.ts";
import type { NatsServer } from "../../setup/nats-server.ts";
import { readTownFile } from "../home/town-file.ts";
import { sessionsOf } from "../process/sessions.ts";
import { startBus, startMachine, startTown } from "../process/start.ts";
import { killTree, send } from "../process/stop.ts";
import { type Fleet, type FleetOptions, machines, type Victim } from "./fleet.ts";

/** Start nats-server, town and rig-agents as processes of their own, with homes of their own. */
export async function startProcesses(
  options: FleetOptions & { readonly server: NatsServer; readonly table: ProcessTable },
): Promise<Fleet> {
  const { home, ledgerRemote, server, table, signal } = options;
  const ports = { table, signal };
  const { url: natsUrl } = await startBus(home, server, {}, ports);
  const settings = { town: "demo", listen: "127.0.0.1:0", natsUrl, ledgerRemote };
  const { address } = (await startTown(home, settings, ports)).ready;
  const start = async (machine: string) => {
    await startMachine(home, { machine, townAddress: address }, ports);
  };
  await Promise.all(machines.map(start));
  return {
    address,
    kill: (machine) => killMachine(home, machine, table),
    restart: start,
  };
}

/** The rig-agent first, so that it sees none of its workers die. */
async function killMachine(home: string, machine: string, table: ProcessTable): Promise<Victim[]> {
  const sessions = await sessionsOf(home, machine);
  const trees = await Promise.all(sessions.map(({ session }) => listMembers(session, table)));
  const agent = readTownFile(home)?.pids[`machines/${machine}`];
  if (agent !== undefined) {
    send(agent.pid, "SIGSTOP"); // Nothing is written between the first death and the last.
    await killTree(agent, table);
  }
  for (const members of trees) for (const { pid } of members) send(pid, "SIGKILL");
  return sessions.flatMap(({ agent: name, bead, beadId, epoch }, at) =>
    (trees[at] ?? []).length > 0 ? [{ agent: name, bead, beadId, epoch }] : [],
  );
}
