import { copyDisk } from "#services/git/memory/disk.ts";
import { writerMachine } from "#services/ledger/event.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import type { Ground } from "../boot.ts";
import { bootMachine } from "../boot-machine.ts";
import { bootTown } from "../boot-town.ts";
import { type Host, imageOf, newHost } from "../host.ts";
import type { Sim } from "../sim.ts";
import { busPlace } from "../sim-bus.ts";
import { townHost } from "../world.ts";
import { heldElsewhere } from "./disks.ts";

/** A second town on a host of its own; the returned function ends it for good. */
export function startSecondTown(sim: Sim): (() => void) | undefined {
  if (!sim.isUp(townHost) || sim.twins.has(`${townHost}~2`)) return undefined;
  const host = newHost(townHost, true, `${townHost}~2`);
  sim.twins.set(host.place, host);
  const ground = groundOf(sim);
  const { settings } = sim.world;
  bootTown(ground, host, settings.town).catch((error: unknown) => {
    sim.world.told(host.place, error, "start");
  });
  return () => {
    endTwin(sim, host, ground);
    // One of the two is fenced now. A person ends it, and starts the one that shall stay anew.
    if (!sim.world.town?.isFenced()) return;
    sim.kill(townHost, "deposed");
    sim.later(1_000, () => sim.start(townHost));
  };
}

/** A copy of a machine's disk, started beside it under its name. */
export function startClone(sim: Sim, name: string): (() => void) | undefined {
  if (!sim.isUp(name) || !sim.world.machines.has(name)) return undefined;
  if (sim.twins.has(`${name}~2`)) return undefined;
  const image = imageOf(sim.hostOf(name));
  const host = newHost(name, true, `${name}~2`);
  Object.assign(host, image, { git: { ...copyDisk(image.git), who: host.place } });
  sim.twins.set(host.place, host);
  sim.staff(host);
  const ground = groundOf(sim);
  const { settings } = sim.world;
  bootMachine(ground, host, settings.machine).catch((error: unknown) => {
    sim.world.told(host.place, error, "start");
  });
  // What it says is heard as said by the other one, whose own silence nobody notices.
  sim.silence(name, false, "a copy of it speaks");
  return () => {
    endTwin(sim, host, ground);
    if (!sim.isUp(name) || !sim.world.network.isConnected(name, busPlace)) {
      sim.silence(name, true, "its copy has ended");
    }
    sim.workers.get(host.place)?.losePower();
  };
}

/** The world as a second process of one name has it: whoever looks for the first finds that. */
function groundOf({ world }: Sim): Ground {
  return { ...world, random: world.random.split("twin"), processes: new Map() };
}

function endTwin(sim: Sim, { place, name }: Host, { processes }: Ground): void {
  const process = processes.get(place);
  if (!process?.isAlive) return;
  process.kill();
  sim.world.bus.drop(place);
  const held = new Set(heldElsewhere(sim, name));
  for (const hash of ownEvents(sim, name)) held.add(hash);
  sim.see({ kind: "disk", atMs: sim.nowMs, machine: name, what: "gone", held, unsaved: [] });
}

/** What the first one of that name has itself, whatever it is told. */
function ownEvents({ world }: Sim, name: string): string[] {
  const own: Ledger | undefined =
    name === townHost ? world.town?.base.ledger : world.machines.get(name)?.base.ledger;
  const events = [...(own?.log() ?? [])];
  return events.flatMap(({ writer, hash }) => (writerMachine(writer) === name ? [hash] : []));
}
