import { type Bead, isHeld } from "#services/ledger/bead.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";
import {
  type EnrolledMachine,
  type Machine,
  machineNamed,
  machines,
  serves,
} from "#services/ledger/machines.ts";
import { readyBeads, slingOf, workInHand } from "#services/ledger/readiness.ts";
import { rigOf, rigs } from "#services/ledger/rigs.ts";
import { sortByUrgency } from "#services/ledger/urgency.ts";
import {
  exitField,
  handOffField,
  placementField,
  type Sling,
} from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import type { Candidate, RigLimit, Seat } from "./plan.ts";

/** What a plan is made of. */
export type Gathered = {
  readonly candidates: readonly Candidate[];
  readonly seats: readonly Seat[];
  readonly limits: readonly RigLimit[];
};

/** Whose ready beads, and which machines are known to be silent. */
export type Scope = {
  /** Whether beads of this rig are to be placed. */
  readonly rig: (name: string) => boolean;
  /** Whether a machine was heard within the time after which it counts as silent. */
  readonly isHeard: (machine: string) => boolean;
  /** Whether a machine is lost; what the ledger says if absent. */
  readonly isLost?: (machine: string) => boolean;
  /** Why nothing may be placed on a machine though it is ready; where absent, on each it may. */
  readonly trouble?: (machine: Machine) => string | undefined;
};

const unlimited = 1_000_000;

/** Ready beads that somebody asked for, machines and rigs with their room: the input of `plan`. */
export function gather(world: World, scope: Scope, nowMs: number): Gathered {
  const wanted = readyBeads(world, nowMs).filter((bead) => {
    const isAsked = slingOf(bead, world) !== undefined;
    return isAsked && standingPlacement(bead, world, scope) === undefined;
  });
  const candidates = sortByUrgency(wanted, world).flatMap((bead) => {
    const rig = rigOf(bead, world)?.rig.name;
    const sling = slingOf(bead, world);
    if (rig === undefined || !sling || !scope.rig(rig)) return [];
    return [{ uid: bead.uid, rig, ...wishFor(bead, sling, world, scope) }];
  });
  // Most rounds find nothing to place, and in a large fleet the seats are what is dear.
  if (candidates.length === 0) return { candidates, seats: [], limits: [] };
  const busy = busyCounts(world);
  const enrolled = rigs(world);
  const seats = machines(world).map((host): Seat => {
    const { machine } = host;
    return {
      machine: machine.name,
      free: machine.polecatsMax - (busy.machines.get(machine.name) ?? 0),
      closed: closure(host, scope),
      serves: (name) => enrolled.some(({ rig }) => rig.name === name && serves(machine, rig)),
    };
  });
  const limits = enrolled.map(({ rig }) => ({
    rig: rig.name,
    free: (rig.polecatsMax || unlimited) - (busy.rigs.get(rig.name) ?? 0),
  }));
  return { candidates, seats, limits };
}

function closure(host: EnrolledMachine, scope: Scope): string | undefined {
  const { name } = host.machine;
  if (isLost(host, scope)) return "lost";
  if (host.state !== "ready") return `${host.state}; \`gt machine uncordon ${name}\` ends that`;
  const trouble = scope.trouble?.(host.machine);
  if (trouble !== undefined) return `kept out: ${trouble}`;
  return scope.isHeard(name) ? undefined : "silent";
}

function isLost({ machine, lostSince }: EnrolledMachine, scope: Scope): boolean {
  return scope.isLost ? scope.isLost(machine.name) : lostSince !== undefined;
}

/**
 * Which machine a bead is for alone. A hand-off counts for the claim that it ended, and more than
 * where the bead was slung to: it was said later, of the same bead. Its claim is over by then, so
 * nobody could hand it elsewhere: a machine that was lost or left since is not waited for.
 */
function wishFor(
  bead: Bead,
  sling: Sling | undefined,
  world: World,
  scope: Scope,
): Pick<Candidate, "machine" | "wish" | "leaves"> {
  const handOff = handOffField.read(bead);
  if (!handOff || !bead.claim || handOff.epoch !== bead.claim.epoch) {
    return { machine: sling?.machine };
  }
  const leaves = bead.claim.machine;
  const heir = machineNamed(world, handOff.to);
  if (!heir || isLost(heir, scope)) return { machine: sling?.machine, leaves };
  return { machine: handOff.to, wish: "handed", leaves };
}

/** The Mayor's proposal for a bead, while no claim was made since. */
export function livePlacement(bead: Bead): { machine: string } | undefined {
  const placement = placementField.read(bead);
  return placement && placement.claim === (bead.claim?.epoch ?? "") ? placement : undefined;
}

/**
 * The machine that a bead was placed on, while it may still go there. A machine that does not serve
 * its rig any more, takes no work or is silent would never have it claimed: it is placed anew.
 */
export function standingPlacement(bead: Bead, world: World, scope: Scope): string | undefined {
  const machine = livePlacement(bead)?.machine;
  const host = machine === undefined ? undefined : machineNamed(world, machine);
  const rig = rigOf(bead, world)?.rig;
  if (machine === undefined || !host || !rig) return undefined;
  const wanted = wishFor(bead, slingOf(bead, world), world, scope).machine ?? machine;
  if (wanted !== machine || !serves(host.machine, rig)) return undefined;
  return closure(host, scope) === undefined ? machine : undefined;
}

/** Whether a bead has a worker that needs a seat: claimed, and not yet out by one of the exits. */
export function isWorked(bead: Bead): boolean {
  if (!isHeld(bead) || !bead.claim) return false;
  const exit = exitField.read(bead);
  return exit === undefined || claimEpoch(exit.epoch) !== bead.claim.epoch;
}

/**
 * Seats that are taken, by machine and by rig: workers, and proposals that wait for their claim.
 */
export function busyCounts(world: World): {
  readonly machines: ReadonlyMap<string, number>;
  readonly rigs: ReadonlyMap<string, number>;
} {
  const byMachine = new Map<string, number>();
  const byRig = new Map<string, number>();
  for (const bead of workInHand(world)) {
    const machine = isWorked(bead) ? bead.claim?.machine : proposedMachine(bead);
    if (machine === undefined) continue;
    byMachine.set(machine, (byMachine.get(machine) ?? 0) + 1);
    const rig = rigOf(bead, world)?.rig.name;
    if (rig !== undefined) byRig.set(rig, (byRig.get(rig) ?? 0) + 1);
  }
  return { machines: byMachine, rigs: byRig };
}

function proposedMachine(bead: Bead): string | undefined {
  return isHeld(bead) || bead.status !== "open" ? undefined : livePlacement(bead)?.machine;
}
