import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { findMachine } from "#services/api/fleet/find-fleet.ts";
import { mutate } from "#services/api/mutate.ts";
import { setFields } from "#services/ledger/drafts.ts";
import { machineStateField } from "#services/ledger/machines.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { type FleetPorts, showMachine } from "./fleet-ports.ts";

type CordonMachine = MethodImpl<typeof FleetService.method.cordonMachine>;

/** Place nothing new on a machine. What it works on goes on, and the rigs that it holds stay. */
export function cordonMachine(ports: FleetPorts): CordonMachine {
  const { ledger } = ports;
  return async (request, context) => {
    const method = FleetService.method.cordonMachine;
    const { bead } = await mutate(ledger, method, request, context, () => {
      const { bead: held, state } = findMachine(ledger.world, request.name);
      if (state === "draining") throw draining(request.name);
      const drafts =
        state === "cordoned" ? [] : [setFields(held.uid, { [machineStateField.name]: "cordoned" })];
      return { bead: held.uid, drafts };
    });
    return { machine: showMachine(bead, ports) };
  };
}

function draining(name: string): TownError {
  const remedy = `\`gt machine uncordon ${name}\` calls that off`;
  return new TownError("state", `${name} is draining and takes nothing new already; ${remedy}`);
}
