import { wireTrouble } from "#services/config/negotiate.ts";
import { wireVersion } from "#services/config/version.ts";
import type { Machine } from "#services/ledger/machines.ts";
import { busyTrouble } from "./busy.ts";
import type { Peers } from "./peers.ts";

/**
 * The wire version that a machine speaks: as its beats say, which come again after every break of
 * the link, or where those are not heard as it wrote when it joined.
 */
export function spokenWire(
  machine: Pick<Machine, "name" | "wire">,
  peers: Pick<Peers, "of">,
): number {
  const peer = peers.of(machine.name);
  return (peer?.link === "bus" ? peer.beat?.wire : undefined) ?? machine.wire;
}

/** Why a town of this version and a machine do not understand each other; undefined if they do. */
export function strangeWire(
  machine: Pick<Machine, "name" | "wire">,
  peers: Pick<Peers, "of">,
): string | undefined {
  return wireTrouble({ town: wireVersion, machine: spokenWire(machine, peers) });
}

/** Why a town of this version gives a machine nothing new, in words; undefined where it may. */
export function machineTrouble(
  machine: Pick<Machine, "name" | "wire">,
  peers: Pick<Peers, "of">,
): string | undefined {
  return strangeWire(machine, peers) ?? busyTrouble(peers.of(machine.name));
}
