import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  Fencing,
  LossPolicy,
  type MachineSchema,
  MachineState,
  type RigSchema,
} from "#proto/gastown/v1/fleet_service_pb.ts";
import { type EnrolledMachine, machines, serves } from "#services/ledger/machines.ts";
import { type EnrolledRig, holderOf, rigNamed } from "#services/ledger/rigs.ts";
import type { World } from "#services/ledger/world.ts";
import { busyCounts } from "#services/scheduler/gather.ts";
import { type Peer, type Peers, silentAfterMs } from "#services/telemetry/peers.ts";
import { machineTrouble, spokenWire } from "#services/telemetry/spoken-wire.ts";
import { drainMessage } from "./drain-message.ts";

/** Over git alone an idle machine has little to say: only then is it called silent. */
const lostAfterMs = 60_000;

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

/**
 * A machine as the API shows it. Whether it is lost is what the town judged and wrote; `link` says
 * what is heard of it here and now.
 */
export function machineMessage(
  host: EnrolledMachine,
  world: World,
  peers: Peers,
  nowMs: number,
): MessageInitShape<typeof MachineSchema> {
  const { bead, machine, state, lostSince } = host;
  const peer = peers.of(machine.name);
  const silent = isUnheard(machine.name, peers);
  // A beat is some seconds old: what the ledger shows a later term of is not held any more.
  const authorities = (peer?.beat?.authorities ?? []).filter(
    ({ rig, term }) => (rigNamed(world, rig)?.authority?.term ?? 0) <= term,
  );
  const isLost = lostSince !== undefined || bead.status === "closed";
  const drain = drainMessage(host, world, nowMs);
  return {
    name: machine.name,
    state: isLost ? MachineState.LOST : states[state],
    rigs: machine.rigs,
    polecatsMax: machine.polecatsMax,
    polecatsRunning: isLost ? 0 : running(machine.name, world, peer),
    version: machine.version,
    wireVersion: spokenWire(machine, peers),
    trouble: machineTrouble(machine, peers) ?? "",
    authorities: authorities.map(({ rig, term }) => `${rig}@${term}`),
    // One that this process has not heard yet is known by the ledger alone.
    link: silent ? "silent" : (peer?.link ?? "git"),
    ...(peer && { beatTime: timestampFromMs(peer.heardMs) }),
    ...(lostSince !== undefined && { lostTime: timestampFromMs(Date.parse(lostSince)) }),
    ...(drain && { drain }),
  };
}

/** Those that are at work: one that has left is beaten for a while yet, and takes no seat. */
function running(machine: string, world: World, peer: Peer | undefined): number {
  const told = peer?.beat?.polecats.filter(({ health }) => health !== "done").length;
  return told ?? busyCounts(world).machines.get(machine) ?? 0;
}

/** A rig as the API shows it. */
export function rigMessage(
  enrolled: EnrolledRig,
  world: World,
): MessageInitShape<typeof RigSchema> {
  const { rig, authority } = enrolled;
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
    appointed: holderOf(enrolled) ?? "",
    onLoss: rig.onLoss === "wait" ? LossPolicy.WAIT : LossPolicy.REPLACE,
    lossWaitSeconds: Math.round(rig.lossWaitMs / 1_000),
    fencing: rig.fencing === "main" ? Fencing.MAIN : Fencing.CHAIN,
  };
}
