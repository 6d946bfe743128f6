import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type MachineSchema,
  MachineState,
  type RigSchema,
} from "#proto/gastown/v1/fleet_service_pb.ts";
import { type EnrolledMachine, machines, serves } from "#services/ledger/machines.ts";
import type { EnrolledRig } from "#services/ledger/rigs.ts";
import type { World } from "#services/ledger/world.ts";
import { busyCounts } from "#services/scheduler/gather.ts";
import { type Peers, silentAfterMs } from "#services/telemetry/peers.ts";

/**
 * Without a sign of life for this long a machine counts as lost; what follows is the rig's policy.
 */
export const lostAfterMs = 60_000;

const states = {
  ready: MachineState.READY,
  cordoned: MachineState.CORDONED,
  draining: MachineState.DRAINING,
} as const;

/**
 * Whether a machine has been silent for so long that it gets no new work. Over git alone an idle
 * machine has little to say, so that it is given longer there.
 */
export function isUnheard(machine: string, peers: Peers): boolean {
  return peers.isSilent(machine, silentAfterMs) || !peers.isHeard(machine, lostAfterMs);
}

/** A machine as the API shows it. */
export function machineMessage(
  { machine, state }: EnrolledMachine,
  world: World,
  peers: Peers,
): MessageInitShape<typeof MachineSchema> {
  const peer = peers.of(machine.name);
  const silent = isUnheard(machine.name, peers);
  const authorities = peer?.beat?.authorities ?? [];
  return {
    name: machine.name,
    state: peers.isSilent(machine.name, lostAfterMs) ? MachineState.LOST : states[state],
    rigs: machine.rigs,
    polecatsMax: machine.polecatsMax,
    polecatsRunning:
      peer?.beat?.polecats.length ?? busyCounts(world).machines.get(machine.name) ?? 0,
    version: machine.version,
    authorities: authorities.map(({ rig, term }) => `${rig}@${term}`),
    // One that this process has not heard yet is known by the ledger alone.
    link: silent ? "silent" : (peer?.link ?? "git"),
    ...(peer && { beatTime: timestampFromMs(peer.heardMs) }),
  };
}

/** A rig as the API shows it. */
export function rigMessage(
  { rig, authority }: EnrolledRig,
  world: World,
): MessageInitShape<typeof RigSchema> {
  const serving = machines(world).filter(({ machine }) => serves(machine, rig));
  return {
    name: rig.name,
    prefix: rig.prefix,
    remote: rig.remote,
    target: rig.target,
    setup: rig.setup,
    gates: rig.gates.map(({ name, command, timeoutSeconds }) => ({
      name,
      command,
      timeoutSeconds,
    })),
    authority: authority?.machine ?? "",
    term: BigInt(authority?.term ?? 0),
    machines: serving.map(({ machine }) => machine.name),
    defaultRuntime: rig.defaultRuntime,
    polecatsMax: rig.polecatsMax,
  };
}
