import { type Bead, isHeld } from "#services/ledger/bead.ts";
import { claimBead } from "#services/ledger/drafts.ts";
import { nextEpoch } from "#services/ledger/epoch.ts";
import type { Draft } from "#services/ledger/event.ts";
import { machineNamed, serves } from "#services/ledger/machines.ts";
import { readyBeads, workInHand } from "#services/ledger/readiness.ts";
import { type EnrolledRig, rigOf } from "#services/ledger/rigs.ts";
import { sortByUrgency } from "#services/ledger/urgency.ts";
import type { World } from "#services/ledger/world.ts";
import { livePlacement } from "#services/scheduler/gather.ts";
import { freeName } from "./polecat-name.ts";

/** Which machine a bead shall go to, by whoever planned it. */
export type PlacementOf = (bead: Bead) => string | undefined;

/**
 * The claims that a rig's authority makes now: of ready beads that were placed, each under the next
 * epoch of its term. A bead with a live merge request is not ready, so it is not claimed again.
 */
export function claimsToMake(
  world: World,
  enrolled: EnrolledRig,
  term: number,
  nowMs: number,
  placementOf: PlacementOf = (bead) => livePlacement(bead)?.machine,
): Draft[] {
  const { rig } = enrolled;
  const ready = readyBeads(world, nowMs).filter(
    (bead) => rigOf(bead, world)?.rig.name === rig.name,
  );
  const taken = takenNames(world, rig.name);
  return sortByUrgency(ready, world).flatMap((bead) => {
    const machine = placementOf(bead);
    const host = machine === undefined ? undefined : machineNamed(world, machine);
    if (machine === undefined || host?.state !== "ready") return [];
    if (!serves(host.machine, rig)) return [];
    const name = freeName(taken);
    taken.add(name);
    const epoch = nextEpoch(term, bead.claim?.epoch);
    return [claimBead(bead.uid, epoch, { machine, polecat: `rigs/${rig.name}/polecats/${name}` })];
  });
}

/**
 * Names of the rig's polecats whose worktrees may still be there: their beads are held, or their
 * molecules are not squashed yet, which is the last thing that is done for a worker.
 */
function takenNames(world: World, rig: string): Set<string> {
  const prefix = `rigs/${rig}/polecats/`;
  const holders = workInHand(world).flatMap((bead) => (isHeld(bead) ? [bead.claim?.polecat] : []));
  const leaving = world.ofType("molecule").map(({ assignee }) => assignee);
  const taken = [...holders, ...leaving].filter((polecat) => polecat?.startsWith(prefix));
  return new Set(taken.map((polecat) => polecat?.slice(prefix.length) ?? ""));
}
