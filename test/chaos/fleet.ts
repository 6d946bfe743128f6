import { rmSync } from "node:fs";
import { join } from "node:path";
import { connectRpc } from "#services/rpc/client.ts";
import {
  machineHome,
  machinePlan,
  type TownSettings,
  townPlan,
} from "../../deploy/local/process/plan.ts";
import { splitAddress } from "../../deploy/local/process/port.ts";
import { type NatsProcess, startNatsServer } from "../../deploy/setup/nats-process.ts";
import type { NatsServer } from "../../deploy/setup/nats-server.ts";
import type { Observation } from "../invariants/observation.ts";
import type { GitHttp } from "./git-http.ts";
import { gitHome, type Links, loopbackOf, openFront, openLinks, type Servers } from "./links.ts";
import type { Netns } from "./netns.ts";
import type { TcpProxy } from "./tcp-proxy.ts";
import { openUnit, type Unit, type UnitNews } from "./unit.ts";

/** Times that are short enough for a scenario, and long beside what a busy host takes. */
export const times = { heartbeatMs: 400, lostAfterMs: 5_000, graceMs: 3_000 };

const timeSettings = {
  GT_HEARTBEAT_MS: String(times.heartbeatMs),
  GT_LOST_AFTER_MS: String(times.lostAfterMs),
  GT_GRACE_MS: String(times.graceMs),
};

/** A machine: its rig-agent, its folder, its links. */
export type ChaosMachine = Unit & {
  readonly machine: string;
  readonly home: string;
  readonly links: Links;
  /** Where its local API answers, once it has started. */
  readonly socket: () => string;
};

/** The bus, as a process. */
export type ChaosBus = {
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
  readonly kill: () => Promise<void>;
  readonly pause: () => void;
  readonly resume: () => void;
  /** Remove all that it stored; it must not run. */
  readonly wipe: () => void;
  readonly storeDir: string;
  /** The town's own link to it. */
  readonly link: TcpProxy;
  readonly port: number;
};

/** What a machine may be started with. */
export type MachineOptions = {
  readonly polecatsMax?: number;
  readonly rigs?: readonly string[];
  /** Its folder, where it is not the usual one: of a clone, or on a small disk. */
  readonly home?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The network namespace that its rig-agent lives in. */
  readonly netns?: Netns;
};

/** A town's real processes. */
export type Fleet = {
  readonly town: Unit & { readonly address: () => string };
  readonly bus: ChaosBus;
  readonly machines: ReadonlyMap<string, ChaosMachine>;
  /** Add a machine that does not run yet. `as` names the process where two have one identity. */
  readonly add: (machine: string, options?: MachineOptions, as?: string) => Promise<ChaosMachine>;
  readonly close: () => Promise<void>;
};

/** What a fleet is opened with. */
export type FleetOptions = {
  readonly home: string;
  readonly git: GitHttp;
  readonly nats: NatsServer;
  readonly signal: AbortSignal;
  readonly see: (seen: Observation) => void;
};

/** Start the bus and the town; machines are added one by one. */
export async function openFleet(options: FleetOptions): Promise<Fleet> {
  const { git } = options;
  const bus = await openBus(options);
  const town = openTown(options, bus);
  const machines = new Map<string, ChaosMachine>();
  let added = 0;
  await town.start();
  return {
    town,
    bus,
    machines,
    add: async (machine, more = {}, as = machine) => {
      const servers: Servers = {
        busPort: bus.port,
        busFront: bus.link.port,
        townPort: splitAddress(town.address()).port,
        gitPort: git.port,
      };
      added += 1;
      const tell = (isHeard: boolean) => options.see(silence(machine, !isHeard, "cut off"));
      const links = await openLinks(more.netns?.host ?? loopbackOf(added), servers, tell);
      const opened = openMachine(options, { machine, as, links }, more);
      machines.set(as, opened);
      return opened;
    },
    close: async () => {
      const links = [...machines.values()].flatMap((each) => each.links.all);
      await Promise.all([bus.link, ...links].map((link) => link.close()));
      await bus.stop();
    },
  };
}

async function openBus({ home, nats, signal }: FleetOptions): Promise<ChaosBus> {
  const storeDir = join(home, "nats", "store");
  const begin = (port?: number): Promise<NatsProcess> =>
    startNatsServer({
      ...nats,
      home: join(home, "nats"),
      storeDir,
      signal,
      ...(port !== undefined && { port }),
    });
  let running = await begin();
  const { port } = running;
  const link = await openFront(port);
  return {
    storeDir,
    link,
    port,
    start: async () => {
      running = await begin(port);
    },
    stop: () => running.stop(),
    kill: () => running.kill(),
    pause: () => void process.kill(running.pid, "SIGSTOP"),
    resume: () => void process.kill(running.pid, "SIGCONT"),
    wipe: () => rmSync(storeDir, { recursive: true, force: true }),
  };
}

function silence(machine: string, isSilent: boolean, why: string): Observation {
  return { kind: "silence", atMs: Date.now(), machine, isSilent, why };
}

function openTown({ home, git, signal, see }: FleetOptions, bus: ChaosBus): Fleet["town"] {
  const tell = (news: UnitNews) => {
    if (news !== "begun" && news !== "down") return;
    see({ kind: "process", atMs: Date.now(), of: "town", isUp: news === "begun" });
  };
  let address = "127.0.0.1:0";
  const plan = () => {
    const settings: TownSettings = {
      town: "chaos",
      listen: address,
      // Every machine takes the host from its own way to the town, so that each has its own link.
      natsUrl: `nats://0.0.0.0:${bus.link.port}`,
      ledgerRemote: git.url("ledger"),
    };
    const planned = townPlan(home, settings);
    return { ...planned, settings: { ...planned.settings, ...timeSettings, HOME: home } };
  };
  const unit = openUnit(home, plan, { signal, tell });
  return {
    ...unit,
    address: () => address,
    start: async () => {
      const ready = await unit.start();
      address = ready.address;
      return ready;
    },
  };
}

function openMachine(
  { home, git, signal, see }: FleetOptions,
  { machine, as, links }: { machine: string; as: string; links: Links },
  { polecatsMax, rigs, home: folder, env = {}, netns }: MachineOptions,
): ChaosMachine {
  const townAddress = `${links.town.host}:${links.town.port}`;
  const own = folder ?? machineHome(home, as);
  const room = polecatsMax ?? 4;
  const person = gitHome(join(home, "people", as), links, git.port);
  let socket = "";
  const plan = () => {
    const wanted = { machine, townAddress, rigs, polecatsMax: String(room) };
    const planned = machinePlan(home, wanted);
    const readyPath = join(own, "ready.json");
    const inside = netns ? { GT_CHAOS_NETNS: netns.name } : {};
    const places = { GT_HOME: own, GT_READY_FILE: readyPath, HOME: person };
    return {
      ...planned,
      name: `machines/${as}`,
      script: netns ? "test/chaos/in-netns.ts" : planned.script,
      readyPath,
      logPath: join(own, "agent.log"),
      settings: { ...planned.settings, ...timeSettings, ...places, ...inside, ...env },
    };
  };
  const tell = (news: UnitNews) => {
    if (news !== "begun") see(silence(machine, news === "down" || news === "paused", news));
    if (news !== "begun" && news !== "down") return;
    see({ kind: "process", atMs: Date.now(), of: machine, isUp: news === "begun" });
  };
  const unit = openUnit(home, plan, { signal, tell });
  see(silence(machine, true, "not started yet"));
  see({ kind: "capacity", atMs: Date.now(), of: "machine", name: machine, polecatsMax: room });
  return {
    ...unit,
    machine,
    home: own,
    links,
    socket: () => socket,
    start: async () => {
      const ready = await unit.start();
      socket = ready.socket;
      return ready;
    },
  };
}

/** A client of one process: the town, or a machine's local API. */
export function clientOf(address: string): ReturnType<typeof connectRpc> {
  return connectRpc({ address, principal: "overseer", retriesMax: 0 });
}
