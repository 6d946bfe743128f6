import { type Bead, isHeld } from "#services/ledger/bead.ts";
import { claimBead } from "#services/ledger/drafts.ts";
import { nextEpoch } from "#services/ledger/epoch.ts";
import type { Cursor, Draft } from "#services/ledger/event.ts";
import { machineNamed, serves } from "#services/ledger/machines.ts";
import { readyBeads, workInHand } from "#services/ledger/readiness.ts";
import { type EnrolledRig, rigOf } from "#services/ledger/rigs.ts";
import { resumed } from "#services/ledger/salvage.ts";
import { sortByUrgency } from "#services/ledger/urgency.ts";
import type { World } from "#services/ledger/world.ts";
import { livePlacement } from "#services/scheduler/gather.ts";
import { hasFormerWork } from "./former-work.ts";
import { freeName } from "./polecat-name.ts";

/** Which machine a bead shall go to, by whoever planned it. */
export type PlacementOf = (bead: Bead) => string | undefined;

/** A bead that is ready, with the machine that it goes to. */
export type Assignment = { readonly bead: Bead; readonly machine: string };

/**
 * The ready beads of a rig that were placed where they may be worked, the most urgent first. A bead
 * with a live merge request is not ready, so it is not claimed again.
 */
export function assignments(
  world: World,
  { rig }: EnrolledRig,
  nowMs: number,
  placementOf: PlacementOf = (bead) => livePlacement(bead)?.machine,
): Assignment[] {
  const ready = readyBeads(world, nowMs).filter(
    (bead) => rigOf(bead, world)?.rig.name === rig.name,
  );
  return sortByUrgency(ready, world).flatMap((bead) => {
    const machine = placementOf(bead);
    const host = machine === undefined ? undefined : machineNamed(world, machine);
    if (machine === undefined || host?.state !== "ready") return [];
    return serves(host.machine, rig) ? [{ bead, machine }] : [];
  });
}

/** What new claims go on with, by bead; none in the first for what was never claimed before. */
export type Cursors = ReadonlyMap<string, Cursor | undefined>;

/**
 * The claims that a rig's authority makes now, each under the next epoch of its term. What has
 * former work and is not among the cursors is not claimed yet: nobody could say what it goes on
 * with.
 */
export function claimsToMake(
  world: World,
  { rig }: EnrolledRig,
  term: number,
  assigned: readonly Assignment[],
  cursors: Cursors,
): Draft[] {
  const taken = takenNames(world, rig.name);
  return assigned.flatMap(({ bead, machine }) => {
    if (hasFormerWork(bead, world) && !cursors.has(bead.uid)) return [];
    const name = freeName(taken);
    taken.add(name);
    const epoch = nextEpoch(term, bead.claim?.epoch);
    const polecat = `rigs/${rig.name}/polecats/${name}`;
    const cursor = resumed(bead, cursors.get(bead.uid));
    return [claimBead(bead.uid, epoch, { machine, polecat, cursor })];
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
