import { z } from "zod";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { type Bead, isHeld } from "#services/ledger/bead.ts";
import { setFields } from "#services/ledger/drafts.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";
import { machineNamed, machines, serves, wireWithFederation } from "#services/ledger/machines.ts";
import { liveMergeRequest, slingOf } from "#services/ledger/readiness.ts";
import { rigOf } from "#services/ledger/rigs.ts";
import { exitField, handOffField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import type { ApiPorts } from "../api-ports.ts";
import { showBead } from "../bead-message.ts";
import { check, name } from "../check.ts";
import { findLiveBead, refusedState } from "../find-bead.ts";
import { mutate } from "../mutate.ts";
import { passageOf } from "./passage.ts";

type HandOffBead = MethodImpl<typeof WorkService.method.handOffBead>;

const Request = z.object({ machine: name });

/**
 * Ask for another machine to go on with a bead that is being worked. It is the machine that holds
 * the claim which ends it: it alone can push what the worktree holds.
 */
export function handOffBead({ ledger, nowMs }: ApiPorts): HandOffBead {
  const { world } = ledger;
  return async (request, context) => {
    const method = WorkService.method.handOffBead;
    const { bead } = await mutate(ledger, method, request, context, ({ principal }) => {
      const { machine: to } = check(Request, request);
      const held = findLiveBead(world, request.id);
      const why = refusal(held, world);
      if (why !== undefined) throw refusedState(held.id, why);
      if (to !== "") refuseMachine(held, to, world);
      else refuseNobody(held, world);
      const epoch = held.claim?.epoch ?? "";
      const wanted = { to, epoch, by: principal };
      return { bead: held.uid, drafts: [setFields(held.uid, { [handOffField.name]: wanted })] };
    });
    const epoch = handOffField.read(bead)?.epoch ?? "";
    return { bead: showBead(bead, world, nowMs()), epoch };
  };
}

function refusal(bead: Bead, world: World): string | undefined {
  const { id, claim } = bead;
  if (bead.status === "closed") return `${id} is closed: there is nothing to hand off`;
  // Before the claim: what was submitted is the queue's, whoever still holds it.
  const request = liveMergeRequest(bead, world);
  if (request) {
    return `${id} was submitted as ${request.id} and is with the merge queue: nothing to hand off`;
  }
  if (!claim || !isHeld(bead)) {
    const [passage] = passageOf(bead, world);
    if (passage !== undefined) return `${id}: ${passage}; the next claim goes there already`;
    return `${id} is held by nobody; \`gt sling ${id} --machine NAME\` says where it is to start`;
  }
  const host = machineNamed(world, claim.machine)?.machine;
  if (host && host.wire < wireWithFederation) {
    const remedy = "upgrade it, or let its worker end";
    return `${host.name} speaks wire version ${host.wire} and cannot hand off: ${remedy}`;
  }
  const exit = exitField.read(bead);
  if (exit && claimEpoch(exit.epoch) === claim.epoch) {
    return `${claim.polecat} has left ${id} as ${exit.kind} already: nothing to hand off`;
  }
  return undefined;
}

function refuseMachine(bead: Bead, to: string, world: World): void {
  const known = machines(world);
  const wanted = known.find(({ machine }) => machine.name === to);
  if (!wanted) {
    const there = known.map(({ machine }) => machine.name).join(", ") || "none yet";
    throw new TownError("not_found", `no machine ${to}; there are: ${there}`, {
      resource: { type: "machine", name: to },
    });
  }
  const why = unfit(bead, wanted, world);
  if (why === undefined) return;
  const others = fitMachines(bead, world).join(", ") || "no other machine";
  throw refusedState(bead.id, `${why}; it could go on at ${others}`);
}

function refuseNobody(bead: Bead, world: World): void {
  const pin = slingOf(bead, world)?.machine;
  if (pin !== undefined && pin === bead.claim?.machine) {
    const remedy = "name the other one by --to, which overrides that";
    throw refusedState(bead.id, `${bead.id} was slung to ${pin} alone: ${remedy}`);
  }
  if (fitMachines(bead, world).length > 0) return;
  const at = bead.claim?.machine ?? "its machine";
  throw refusedState(bead.id, `${bead.id} has to stay: no machine but ${at} is ready for its rig`);
}

/** Where a bead could go on. */
function fitMachines(bead: Bead, world: World): string[] {
  return machines(world)
    .filter((each) => unfit(bead, each, world) === undefined)
    .map(({ machine }) => machine.name);
}

/** Why a machine may not go on with a bead; undefined where it may. */
function unfit(
  bead: Bead,
  { machine, state, lostSince }: ReturnType<typeof machines>[number],
  world: World,
): string | undefined {
  const { name: to } = machine;
  const rig = rigOf(bead, world)?.rig;
  if (bead.claim?.machine === to) return `${bead.id} is worked on at ${to} already`;
  if (rig && !serves(machine, rig)) return `${to} does not serve ${rig.name}`;
  if (lostSince !== undefined) return `${to} is lost since ${lostSince}`;
  if (state !== "ready") return `${to} is ${state} and takes nothing new`;
  return undefined;
}
