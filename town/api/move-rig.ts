import { create } from "@bufbuild/protobuf";
import { FleetService, RigSchema } from "#proto/gastown/v1/fleet_service_pb.ts";
import { findMachine, findRig } from "#services/api/fleet/find-fleet.ts";
import { isUnheard, rigMessage } from "#services/api/fleet/fleet-message.ts";
import { mutate } from "#services/api/mutate.ts";
import { appointmentFields } from "#services/ledger/appointment.ts";
import { setFields } from "#services/ledger/drafts.ts";
import {
  type EnrolledMachine,
  machines,
  serves,
  wireWithFederation,
} from "#services/ledger/machines.ts";
import { holderOf, type Rig } from "#services/ledger/rigs.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { beatenTerm } from "#services/telemetry/peers.ts";
import { machineTrouble } from "#services/telemetry/spoken-wire.ts";
import type { FleetPorts } from "./fleet-ports.ts";

type MoveRig = MethodImpl<typeof FleetService.method.moveRig>;

/**
 * Appoint the machine that shall hold a rig's authority. The holder changes once that machine has
 * taken the next term at the rig's remote; until then the former one's landings count.
 */
export function moveRig(ports: FleetPorts): MoveRig {
  const { ledger, peers, nowMs } = ports;
  const { world } = ledger;
  return async (request, context) => {
    const method = FleetService.method.moveRig;
    await mutate(ledger, method, request, context, ({ principal }) => {
      const enrolled = findRig(world, request.name);
      const { rig, bead, authority, appointed } = enrolled;
      const host = findMachine(world, request.machine);
      const why = unfit(host, rig, ports);
      if (why !== undefined) throw refused(why, rig, ports);
      if (holderOf(enrolled) === request.machine) return { bead: bead.uid, drafts: [] };
      // A term that was just taken is beaten before the ledger has it, and must not override this.
      const known = [authority?.term ?? 0, appointed?.term ?? 0, beatenTerm(peers, rig.name)];
      const asked = { by: principal, at: new Date(nowMs()).toISOString() };
      const wanted = { machine: request.machine, term: Math.max(...known), asked };
      const fields = appointmentFields(world, rig, wanted);
      return { bead: bead.uid, drafts: [setFields(bead.uid, fields)] };
    });
    return { rig: create(RigSchema, rigMessage(findRig(world, request.name), world)) };
  };
}

/** Why a machine cannot hold a rig's authority now; undefined where it can. */
function unfit(host: EnrolledMachine, rig: Rig, { peers }: FleetPorts): string | undefined {
  const { machine, state, lostSince } = host;
  const { name, wire } = machine;
  if (!serves(machine, rig)) return `${name} does not serve rig ${rig.name}`;
  if (lostSince !== undefined) return `${name} is lost since ${lostSince}`;
  if (state !== "ready") return `${name} is ${state}; \`gt machine uncordon ${name}\` first`;
  if (isUnheard(name, peers)) return `${name} is silent; start its rig-agent first`;
  if (rig.fencing === "main" && wire < wireWithFederation) {
    return `${name} speaks wire version ${wire}, which cannot fence ${rig.name} by its target`;
  }
  return machineTrouble(machine, peers);
}

function refused(why: string, rig: Rig, ports: FleetPorts): TownError {
  const fit = machines(ports.ledger.world)
    .filter((host) => unfit(host, rig, ports) === undefined)
    .map(({ machine }) => machine.name);
  const others =
    fit.length > 0 ? `it could go to ${fit.join(" or ")}` : "no machine can take it now";
  const violations = [{ field: "machine", description: why }];
  return new TownError("state", `${why}; ${others}`, { violations });
}
