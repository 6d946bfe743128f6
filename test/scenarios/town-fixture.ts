import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DescService } from "@bufbuild/protobuf";
import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { type Client, connectRpc } from "#services/rpc/client.ts";
import { systemProcesses } from "#services/runtime/process-table.ts";
import { bareRemote } from "../../deploy/local/demo/remotes.ts";
import { readTownFile } from "../../deploy/local/home/town-file.ts";
import { logTail } from "../../deploy/local/process/log-tail.ts";
import {
  type HomePorts,
  startBus,
  startMachine,
  startTown,
} from "../../deploy/local/process/start.ts";
import { stopHome } from "../../deploy/local/process/stop.ts";
import type { NatsProcess } from "../../deploy/setup/nats-process.ts";
import { findNatsServer } from "../../deploy/setup/nats-server.ts";
import { type GtRun, runGt } from "./gt.ts";
import { untilGone, whoIsLeft } from "./left-behind.ts";
import { type Until, untilSeen } from "./until.ts";
import { type LogReader, readLog } from "./watch-file.ts";

/** How long one test with real processes may take; what it waits for says so earlier. */
export const sceneMsMax = 120_000;

/** A process of a home, as town.json names it. */
export type ProcessName = "town" | `machines/${string}`;

/** A town of real processes in a home of its own, and what a test does to it. */
export type TownFixture = {
  readonly home: string;
  readonly address: () => string;
  /** A client of the town; made anew after each start of it. */
  readonly client: <S extends DescService>(service: S) => Client<S>;
  /** Run `gt` as a user does, against this town. */
  readonly gt: (...args: readonly string[]) => Promise<GtRun>;
  /** Wait until `look` finds something; it looks again at each event of the town. */
  readonly until: Until;
  /** Wait until a process has logged a line that holds all these words. */
  readonly said: (name: ProcessName, ...words: readonly string[]) => Promise<string>;
  readonly startTown: (listen?: string) => Promise<void>;
  readonly startMachine: (machine: string) => Promise<void>;
  /** SIGKILL one process, its workers live on. */
  readonly kill: (name: ProcessName) => Promise<void>;
  readonly bus: NatsProcess | undefined;
  readonly restartBus: () => Promise<void>;
  /** End every process, and keep the home. */
  readonly halt: () => Promise<void>;
  /** End it all and remove the home. Fails where anything is left behind. */
  readonly stop: () => Promise<void>;
};

/** Whether tests can have a real nats-server here; without one those that need it are skipped. */
export async function hasNats(): Promise<boolean> {
  return "path" in (await findNatsServer({ home: tmpdir(), env: process.env }));
}

/** Where a home's ledger remote is. */
export function ledgerRemoteIn(home: string): string {
  return join(home, "remotes", "ledger.git");
}

/** Start a town with its machines. */
export async function openTown(options: {
  readonly bus: "nats" | "none";
  readonly machines: readonly string[];
  /** What is done to the home once the ledger's remote is there, and nothing runs yet. */
  readonly before?: (home: string) => void;
}): Promise<TownFixture> {
  const home = mkdtempSync(join(tmpdir(), "gt-scene-"));
  const ports = { table: systemProcesses(), signal: AbortSignal.timeout(600_000) };
  await bareRemote(ledgerRemoteIn(home), ports.signal);
  options.before?.(home);
  const found = await findNatsServer({ home, env: process.env });
  const server = options.bus === "nats" && "path" in found ? found : undefined;
  const bus = server && (await startBus(home, server, {}, ports));
  const town = fixtureOf(home, ports, bus, async () => {
    if (server) await startBus(home, server, { port: bus?.port }, ports);
  });
  try {
    await town.startTown();
    await Promise.all(options.machines.map(town.startMachine));
  } catch (error) {
    await town.stop();
    throw error;
  }
  return town;
}

function fixtureOf(
  home: string,
  ports: HomePorts,
  bus: NatsProcess | undefined,
  restartBus: () => Promise<void>,
): TownFixture {
  const address = () => readTownFile(home)?.address ?? "";
  const logs = new Map<ProcessName, LogReader>();
  let rpc = connectRpc({ address: "127.0.0.1:1" });
  const client: TownFixture["client"] = (service) => rpc.client(service);
  const until: Until = (what, look) =>
    untilSeen(what, look, { address: address(), explain: () => logsOf(home) });
  const halt = async () => {
    rpc.close();
    await stopHome(home, ports.table);
  };
  return {
    home,
    address,
    bus,
    restartBus,
    client,
    until,
    halt,
    gt: (...args) => runGt(args, { cwd: home, address: address() }),
    said: (name, ...words) => {
      const log = logs.get(name) ?? readLog(logPath(home, name));
      logs.set(name, log);
      return log.until(...words);
    },
    startTown: async (listen = address() || "127.0.0.1:0") => {
      const where = { natsUrl: bus?.url ?? "", ledgerRemote: ledgerRemoteIn(home) };
      await startTown(home, { town: "scene", listen, ...where }, ports);
      rpc.close();
      rpc = connectRpc({ address: address() });
    },
    startMachine: async (machine) => {
      await startMachine(home, { machine, townAddress: address() }, ports);
      await until(`the town knows ${machine}`, async () => {
        const { machines } = await client(FleetService).listMachines({});
        return machines.some(({ name }) => name === machine) || undefined;
      });
    },
    kill: async (name) => {
      const mark = readTownFile(home)?.pids[name];
      if (mark === undefined) throw new Error(`${name} was never started`);
      process.kill(mark.pid, "SIGKILL");
      await untilGone(mark, ports.table);
    },
    stop: async () => {
      await halt();
      const left = await whoIsLeft(home);
      if (left.length > 0) throw new Error(`left behind: ${left.join("; ")}`);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function logPath(home: string, name: ProcessName): string {
  return join(home, name, name === "town" ? "town.log" : "agent.log");
}

/** What the processes of a home said last, for a test that failed. */
function logsOf(home: string): string {
  const names = Object.keys(readTownFile(home)?.pids ?? {}) as ProcessName[];
  return names
    .map((name) => [name, logPath(home, name)] as const)
    .filter(([, path]) => existsSync(path))
    .map(([name, path]) => `${name}: ${logTail(readFileSync(path, "utf8"))}`)
    .join("\n");
}
