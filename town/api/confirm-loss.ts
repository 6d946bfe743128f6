import { FleetService, MachineState } from "#proto/gastown/v1/fleet_service_pb.ts";
import { invalid } from "#services/api/check.ts";
import { findMachine, goneMachines } from "#services/api/fleet/find-fleet.ts";
import { isUnheard } from "#services/api/fleet/fleet-message.ts";
import { mutate } from "#services/api/mutate.ts";
import { closeBead, setFields } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { type EnrolledMachine, lossConfirmedField, machines } from "#services/ledger/machines.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { type FleetPorts, showMachine } from "./fleet-ports.ts";

type ConfirmLoss = MethodImpl<typeof FleetService.method.confirmLoss>;

/** Take the overseer's word that a silent machine is lost, or that it never comes back. */
export function confirmLoss(ports: FleetPorts): ConfirmLoss {
  const { ledger, nowMs } = ports;
  const { world } = ledger;
  return async (request, context) => {
    const method = FleetService.method.confirmLoss;
    const { name, forGood } = request;
    const { bead } = await mutate(ledger, method, request, context, ({ principal }) => {
      if (forGood && name === "") {
        throw invalid([{ field: "name", description: "say which machine is gone for good" }]);
      }
      const silent = name === "" ? silentOnes(ports) : [silentOne(name, ports)];
      const said = { at: new Date(nowMs()).toISOString(), by: principal };
      const drafts = silent.flatMap((host) => [
        setFields(host.bead.uid, { [lossConfirmedField.name]: said }),
        ...(forGood ? [giveUp(host, principal)] : []),
      ]);
      return { bead: silent[0]?.bead.uid ?? "", drafts };
    });
    // All that were meant by the same word: of one moment, by one person.
    const said = JSON.stringify(lossConfirmedField.read(bead));
    const meant = [...machines(world), ...goneMachines(world)].filter((host) => {
      return (
        name === host.machine.name || JSON.stringify(lossConfirmedField.read(host.bead)) === said
      );
    });
    // A person's word is believed at once; that the Deacon writes it down comes a round later.
    const lost = { state: MachineState.LOST, polecatsRunning: 0 };
    return { machines: meant.map((host) => ({ ...showMachine(host.bead, ports), ...lost })) };
  };
}

function silentOnes({ ledger: { world }, peers }: FleetPorts): EnrolledMachine[] {
  const silent = machines(world).filter(({ machine }) => isUnheard(machine.name, peers));
  if (silent.length > 0) return silent;
  throw new TownError("state", "every machine is heard: there is no loss to confirm");
}

function silentOne(name: string, { ledger: { world }, peers }: FleetPorts): EnrolledMachine {
  const host = findMachine(world, name);
  if (isUnheard(name, peers)) return host;
  const remedy = `\`gt machine drain ${name}\` empties it; once it is stopped it can be given up`;
  throw new TownError("state", `${name} is heard, so it is not lost; ${remedy}`);
}

function giveUp({ bead }: EnrolledMachine, by: string): Draft {
  const close = `lost:${bead.closes.length}`;
  return closeBead(bead.uid, { close, kind: "lost", reason: `given up for good by ${by}` });
}
