import type { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { machines } from "#services/ledger/machines.ts";
import { rigs } from "#services/ledger/rigs.ts";
import type { ServiceImpl } from "#services/rpc/method.ts";
import type { Peers } from "#services/telemetry/peers.ts";
import { findMachine, findRig } from "./find-fleet.ts";
import { machineMessage, rigMessage } from "./fleet-message.ts";

type LookUps = Pick<
  ServiceImpl<typeof FleetService>,
  "listMachines" | "getMachine" | "listRigs" | "getRig"
>;

/** What everyone may look up of machines and rigs, at any endpoint. */
export function fleetLookUps(ports: {
  readonly ledger: Ledger;
  readonly peers: Peers;
  readonly nowMs: () => number;
}): LookUps {
  const { peers, nowMs } = ports;
  const { world } = ports.ledger;
  return {
    listMachines: async () => ({
      machines: machines(world).map((each) => machineMessage(each, world, peers, nowMs())),
    }),
    getMachine: async ({ name }) => ({
      machine: machineMessage(findMachine(world, name), world, peers, nowMs()),
    }),
    listRigs: async () => ({ rigs: rigs(world).map((rig) => rigMessage(rig, world)) }),
    getRig: async ({ name }) => ({ rig: rigMessage(findRig(world, name), world) }),
  };
}
