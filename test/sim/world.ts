import { MemoryRemote } from "#services/git/memory/remote.ts";
import { createBead } from "#services/ledger/drafts.ts";
import { decodeEvent, type LedgerEvent } from "#services/ledger/event.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { Rig, rigField, townPrefix } from "#services/ledger/rigs.ts";
import { type Ground, ledgerUrl } from "./boot.ts";
import { bootMachine, type MachineSettings, type SimMachine } from "./boot-machine.ts";
import { bootTown, type SimTown, type TownSettings } from "./boot-town.ts";
import { type Host, newHost } from "./host.ts";
import { Network } from "./network.ts";
import { Random } from "./random.ts";
import { SimBus } from "./sim-bus.ts";
import { Timeline } from "./timeline.ts";

/** How large a simulated town is. */
export type Size = { readonly machines: number; readonly rigs: number; readonly beads: number };

/** A simulated town: hosts, remotes and a network, and what runs on them now. */
export type World = Ground & {
  readonly network: Network;
  readonly hosts: ReadonlyMap<string, Host>;
  readonly rigNames: readonly string[];
  readonly settings: { readonly machine: MachineSettings; readonly town: TownSettings };
  /** By host, what runs there. */
  readonly machines: Map<string, SimMachine>;
  town: SimTown | undefined;
};

export const townHost = "town";

/** Where a rig's code is, on the network too. */
export function codeUrl(rig: string): string {
  return `sim:code/${rig}`;
}

/** Make a world in which nothing runs yet. */
export function newWorld(options: {
  readonly seed: number | string;
  readonly size: Size;
  readonly settings: World["settings"];
  readonly keepsWhatIsSynced?: boolean;
  readonly keepsLeases?: boolean;
  readonly told?: Ground["told"];
  readonly watch?: Ground["watch"];
}): World {
  const { seed, size, settings, keepsWhatIsSynced = true, told = () => {} } = options;
  const { watch = (ledger) => ledger, keepsLeases = true } = options;
  const random = new Random(seed);
  const timeline = new Timeline();
  const network = new Network(timeline, random.split("network"));
  const bus = new SimBus(timeline, network, random.split("bus"));
  const rigNames = rigNamesOf(size);
  const { nowMs } = timeline;
  const remotes = new Map(
    [ledgerUrl, ...rigNames.map(codeUrl)].map((url) => [url, new MemoryRemote({ url, nowMs })]),
  );
  for (const remote of remotes.values()) remote.ignoresLeases = !keepsLeases;
  const hosts = new Map(
    [townHost, ...machineNames(size)].map((name) => [name, newHost(name, keepsWhatIsSynced)]),
  );
  const ground = { townName: "sim", timeline, random, bus, remotes, decode: sharedDecode(), told };
  const seen = { watch, stops: [], processes: new Map() };
  return {
    ...ground,
    ...seen,
    network,
    hosts,
    rigNames,
    settings,
    machines: new Map(),
    town: undefined,
  };
}

/** What the machines of a town of this size are called. */
export function machineNames({ machines }: Size): string[] {
  return Array.from({ length: machines }, (_, at) => `vm-${letter(at)}`);
}

/** What its rigs are called. */
export function rigNamesOf({ rigs }: Size): string[] {
  return Array.from({ length: rigs }, (_, at) => `rig${letter(at)}`);
}

function letter(at: number): string {
  return at < 26 ? String.fromCharCode(97 + at) : `x${at}`;
}

/** Events never change, so that every replica may have the same ones. */
function sharedDecode(): (line: string) => LedgerEvent {
  const known = new Map<string, LedgerEvent>();
  return (line) => {
    let event = known.get(line);
    if (!event) {
      event = decodeEvent(line);
      known.set(line, event);
    }
    return event;
  };
}

/** Start the town's process; resolves when it serves, never where it dies before. */
export async function startTown(world: World): Promise<SimTown> {
  const town = await bootTown(world, hostOf(world, townHost), world.settings.town);
  world.town = town;
  return town;
}

/** Start a machine's process; resolves when it serves, never where it dies before. */
export async function startMachine(world: World, name: string): Promise<SimMachine> {
  const machine = await bootMachine(world, hostOf(world, name), world.settings.machine);
  world.machines.set(name, machine);
  return machine;
}

export function hostOf({ hosts }: World, name: string): Host {
  const host = hosts.get(name);
  if (!host) throw new Error(`there is no host ${name}`);
  return host;
}

/** Take up the rigs, as `gt rig add` does. */
export function rigDrafts(rigNames: readonly string[]) {
  return rigNames.map((name) => {
    const gates = [{ name: "test", command: "test" }];
    const rig = Rig.parse({ name, prefix: name, remote: codeUrl(name), target: "main", gates });
    return createBead({
      uid: derivedUid("rig", name),
      id: `${townPrefix}-rig-${name}`,
      title: `Rig ${name}`,
      issueType: "rig",
      status: "pinned",
      fields: { [rigField.name]: rig },
    });
  });
}
