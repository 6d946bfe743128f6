import { create } from "@bufbuild/protobuf";
import { type Machine, MachineSchema } from "#proto/gastown/v1/fleet_service_pb.ts";
import { machineMessage } from "#services/api/fleet/fleet-message.ts";
import type { Bead } from "#services/ledger/bead.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { readMachine } from "#services/ledger/machines.ts";
import type { Peers } from "#services/telemetry/peers.ts";

/** What the town's own methods for machines and rigs need. */
export type FleetPorts = {
  readonly ledger: Ledger;
  readonly peers: Peers;
  /** The wall clock, in ms since the Unix epoch. */
  readonly nowMs: () => number;
};

/** A machine's bead as the API shows it. */
export function showMachine(bead: Bead, { ledger, peers, nowMs }: FleetPorts): Machine {
  const host = readMachine(bead);
  if (!host) throw new Error(`${bead.id} was written as a machine and cannot be read`);
  return create(MachineSchema, machineMessage(host, ledger.world, peers, nowMs()));
}
