import { create } from "@bufbuild/protobuf";
import {
  ConfirmLossRequestSchema,
  DrainMachineRequestSchema,
  MoveRigRequestSchema,
  UncordonMachineRequestSchema,
} from "#proto/gastown/v1/fleet_service_pb.ts";
import { machineNamed } from "#services/ledger/machines.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { confirmLoss } from "../../../town/api/confirm-loss.ts";
import { drainMachine } from "../../../town/api/drain-machine.ts";
import type { FleetPorts } from "../../../town/api/fleet-ports.ts";
import { moveRig } from "../../../town/api/move-rig.ts";
import { uncordonMachine } from "../../../town/api/uncordon-machine.ts";
import type { Sim } from "../sim.ts";
import { townHost } from "../world.ts";
import { askUntilDone, type Desk, townDesk, tryAt } from "./desk.ts";
import { loseHost } from "./disks.ts";

/** The broker loses what it had stored, all of it or its tail. */
export function wipeBus(sim: Sim, detail: number): void {
  const { broker } = sim.world.bus;
  const { lastSeq } = broker.store.state(0);
  if (detail % 2 === 0) broker.wipe();
  else broker.rollBack(Math.max(0, lastSeq - 1 - (detail % 50)));
  sim.see({ kind: "wiped", atMs: sim.nowMs, what: "jetstream", of: "" });
}

/**
 * More than half of the machines are gone for good at once. The storm brake holds, until after a
 * while the overseer says that they will not come back.
 */
export function loseMostForGood(sim: Sim, detail: number): boolean {
  const all = [...sim.world.hosts.keys()].filter((name) => name !== townHost).sort();
  const up = all.filter((name) => sim.isUp(name));
  const count = Math.floor(all.length / 2) + 1;
  if (sim.gone.size > 0 || up.length <= count) return false;
  const lost = sim.world.random.split(`lost ${detail}`).some(up, count);
  for (const name of lost) loseHost(sim, name);
  sim.later(60_000 + (detail % 120_000), () => {
    for (const name of lost) giveUp(sim, name);
  });
  return true;
}

function giveUp(sim: Sim, name: string): void {
  const requestId = `give up ${name}`;
  askUntilDone(sim, townDesk(sim), {
    requestId,
    act: async (desk, context) => {
      // Told before it is written: what follows from it comes with the same event.
      const request = create(ConfirmLossRequestSchema, { requestId, name, forGood: true });
      sim.see({ kind: "confirmed", atMs: sim.nowMs, machines: [name] });
      await confirmLoss(fleetPorts(sim, desk))(request, context);
      return name;
    },
  });
}

/** Have a person move a rig's authority to some other machine. */
export function moveAuthority(sim: Sim, rig: string, detail: number): boolean {
  const holder = sim.holderOf(rig);
  const others = [...sim.world.machines.keys()].filter((name) => name !== holder).sort();
  const machine = others[detail % Math.max(1, others.length)];
  const desk = townDesk(sim)();
  if (machine === undefined || !desk) return false;
  const requestId = `move ${rig} ${detail} ${sim.world.timeline.elapsedMs}`;
  const act = async (at: Desk, context: Parameters<ReturnType<typeof moveRig>>[1]) => {
    const request = create(MoveRigRequestSchema, { requestId, name: rig, machine });
    await moveRig(fleetPorts(sim, at))(request, context);
    return machine;
  };
  tryAt(sim, desk, { requestId, act });
  return true;
}

/** Have a person drain a machine; `done` is told once the town has written it. */
export function drain(
  sim: Sim,
  name: string,
  how: { readonly requestId: string; readonly deadlineSeconds: number },
  done: () => void,
): void {
  const { requestId } = how;
  askUntilDone(
    sim,
    townDesk(sim),
    {
      requestId,
      act: async (desk, context) => {
        const request = create(DrainMachineRequestSchema, { ...how, name });
        await drainMachine(fleetPorts(sim, desk))(request, context);
        return name;
      },
    },
    done,
  );
}

/** Have a person let a machine work again, once it said that it is empty or was waited for. */
export function uncordon(sim: Sim, name: string, requestId: string, waits: () => boolean): void {
  askUntilDone(sim, townDesk(sim), {
    requestId,
    act: async (desk, context) => {
      const host = machineNamed(desk.ledger.world, name);
      if (waits() && host?.state === "draining" && host.drainedAt === undefined) {
        throw new TownError("state", `${name} is not empty yet`);
      }
      const request = create(UncordonMachineRequestSchema, { requestId, name });
      await uncordonMachine(fleetPorts(sim, desk))(request, context);
      return name;
    },
  });
}

function fleetPorts({ world }: Sim, { ledger, process }: Desk): FleetPorts {
  const peers = world.town?.peers;
  if (!peers) throw new TownError("unavailable", "the town is down");
  return { ledger, peers, nowMs: process.clock.nowMs };
}
