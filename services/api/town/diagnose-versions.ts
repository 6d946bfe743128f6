import { townMachine } from "#services/bus/subjects.ts";
import { wireTrouble } from "#services/config/negotiate.ts";
import { wireVersion } from "#services/config/version.ts";
import { machines } from "#services/ledger/machines.ts";
import { strangeWire } from "#services/telemetry/spoken-wire.ts";
import type { TownPorts } from "./town-service.ts";

/**
 * Who cannot be worked with for the wire version that it speaks: at the town its machines, at a
 * machine its town.
 */
export function versionTroubles(ports: TownPorts): string[] {
  const { ledger, peers, endpoint } = ports;
  if (endpoint !== townMachine) {
    const town = peers.of(townMachine)?.beat?.wire;
    const trouble = town === undefined ? undefined : wireTrouble({ town, machine: wireVersion });
    return trouble === undefined ? [] : [`${endpoint} takes nothing new: ${trouble}`];
  }
  return machines(ledger.world).flatMap(({ machine }) => {
    const trouble = strangeWire(machine, peers);
    return trouble === undefined ? [] : [`${machine.name} is given nothing new: ${trouble}`];
  });
}
