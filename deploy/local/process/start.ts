import { join } from "node:path";
import { type NatsProcess, startNatsServer } from "../../setup/nats-process.ts";
import type { NatsServer } from "../../setup/nats-server.ts";
import { changeTownFile, noteProcess } from "../home/town-file.ts";
import { type Daemon, type StartPorts, startDaemon } from "./daemon.ts";
import { type MachineSettings, machinePlan, type TownSettings, townPlan } from "./plan.ts";

/** What starting in a home needs. */
export type HomePorts = Omit<StartPorts, "note">;

/** Where the bus listens; loopback and any free port unless given. */
export type BusSettings = {
  readonly port?: number | undefined;
  readonly host?: string | undefined;
};

/** Start a home's nats-server. It outlives us, and town.json says where it is. */
export async function startBus(
  home: string,
  server: NatsServer,
  { port, host }: BusSettings,
  { table, signal }: HomePorts,
): Promise<NatsProcess> {
  const nats = await startNatsServer({
    ...server,
    home: join(home, "nats"),
    storeDir: join(home, "nats", "store"),
    detached: true,
    ...(port !== undefined && { port }),
    ...(host !== undefined && { extraConfig: `host: ${JSON.stringify(host)}` }),
  });
  const { pid } = nats;
  noteProcess(home, "nats", { pid, startTime: (await table.row(pid))?.startTime ?? "ended" });
  const natsUrl = host === undefined ? nats.url : `nats://${host}:${nats.port}`;
  changeTownFile(home, (file) => ({ ...file, natsUrl }));
  signal.throwIfAborted();
  return nats;
}

/** Start a home's town; town.json then says where it answers. */
export async function startTown(
  home: string,
  settings: TownSettings,
  ports: HomePorts,
): Promise<Daemon> {
  const daemon = await startDaemon(townPlan(home, settings), withNotes(home, ports));
  const { town, natsUrl, ledgerRemote } = settings;
  const { address } = daemon.ready;
  changeTownFile(home, (file) => ({ ...file, town, address, natsUrl, ledgerRemote }));
  return daemon;
}

/** Start a rig-agent; town.json then says where its socket is, and that it belongs to the home. */
export async function startMachine(
  home: string,
  settings: MachineSettings,
  ports: HomePorts,
): Promise<Daemon> {
  const daemon = await startDaemon(machinePlan(home, settings), withNotes(home, ports));
  const { machine, rigs = [], polecatsMax } = settings;
  const socket = { [machine]: daemon.ready.socket };
  const record = { [machine]: { rigs: [...rigs], ...(polecatsMax && { polecatsMax }) } };
  changeTownFile(home, (file) => ({
    ...file,
    sockets: { ...file.sockets, ...socket },
    machines: { ...file.machines, ...record },
  }));
  return daemon;
}

function withNotes(home: string, ports: HomePorts): StartPorts {
  return { ...ports, note: (name, mark) => noteProcess(home, name, mark) };
}
