import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { findMachine } from "#services/api/fleet/find-fleet.ts";
import { mutate } from "#services/api/mutate.ts";
import { setFields } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { drainField, machineStateField } from "#services/ledger/machines.ts";
import { handOffField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { leftOn } from "#services/scheduler/drain.ts";
import { deaconName } from "../fleet/drain.ts";
import { type FleetPorts, showMachine } from "./fleet-ports.ts";

type UncordonMachine = MethodImpl<typeof FleetService.method.uncordonMachine>;

/** Let a machine take work again. A drain is called off, with the hand-offs not yet begun. */
export function uncordonMachine(ports: FleetPorts): UncordonMachine {
  const { ledger } = ports;
  return async (request, context) => {
    const method = FleetService.method.uncordonMachine;
    const { bead } = await mutate(ledger, method, request, context, () => {
      const { bead: held, state } = findMachine(ledger.world, request.name);
      if (state === "ready") return { bead: held.uid, drafts: [] };
      const fields = { [machineStateField.name]: "ready", [drainField.name]: null };
      const drafts = [setFields(held.uid, fields), ...staying(ledger.world, request.name)];
      return { bead: held.uid, drafts };
    });
    return { machine: showMachine(bead, ports) };
  };
}

/** What the Deacon asked to be handed off from here for a drain stays. */
function staying(world: World, machine: string): Draft[] {
  return leftOn(world, machine).beads.flatMap((bead) => {
    const asked = handOffField.read(bead);
    const isDrains = asked?.by === deaconName && asked.epoch === bead.claim?.epoch;
    return isDrains ? [setFields(bead.uid, { [handOffField.name]: null })] : [];
  });
}
