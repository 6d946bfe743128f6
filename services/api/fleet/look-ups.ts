import type { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { machineNamed, machines } from "#services/ledger/machines.ts";
import { rigs } from "#services/ledger/rigs.ts";
import type { ServiceImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import type { Peers } from "#services/telemetry/peers.ts";
import { machineMessage, rigMessage } from "./fleet-message.ts";

type LookUps = Pick<
  ServiceImpl<typeof FleetService>,
  "listMachines" | "getMachine" | "listRigs" | "getRig"
>;

/** What everyone may look up of machines and rigs, at any endpoint. */
export function fleetLookUps({ ledger, peers }: { ledger: Ledger; peers: Peers }): LookUps {
  const { world } = ledger;
  return {
    listMachines: async () => ({
      machines: machines(world).map((machine) => machineMessage(machine, world, peers)),
    }),
    getMachine: async ({ name }) => {
      const machine = machineNamed(world, name);
      const known = machines(world).map((each) => each.machine.name);
      if (!machine) throw unknown("machine", name, known);
      return { machine: machineMessage(machine, world, peers) };
    },
    listRigs: async () => ({ rigs: rigs(world).map((rig) => rigMessage(rig, world)) }),
    getRig: async ({ name }) => {
      const enrolled = rigs(world);
      const rig = enrolled.find((each) => each.rig.name === name);
      if (!rig) {
        const known = enrolled.map((each) => each.rig.name);
        throw unknown("rig", name, known);
      }
      return { rig: rigMessage(rig, world) };
    },
  };
}

function unknown(type: string, name: string, known: readonly string[]): TownError {
  const there = known.length > 0 ? `there are ${known.join(", ")}` : "there is none yet";
  return new TownError("not_found", `no ${type} ${name}; ${there}`, { resource: { type, name } });
}
