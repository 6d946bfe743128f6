import type { Bead } from "#services/ledger/bead.ts";
import { claimEpoch, parseEpoch } from "#services/ledger/epoch.ts";
import {
  type ExitKind,
  exitField,
  type HandOff,
  handOffField,
  type Restart,
  restartField,
} from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { mergeRequestUid } from "#services/molecules/leave.ts";
import { moleculeOf } from "#services/molecules/progress.ts";
import { standing, type Work } from "./reconcile.ts";

/** What is not in the ledger, and belongs to what `gather` tells. */
export type Surroundings = {
  readonly machine: string;
  /** Why this machine cannot work on a bead, in words; undefined where it can. */
  readonly refusal: (bead: Bead) => string | undefined;
  /** When this process first saw each claim over, in ms, by bead; kept by the caller. */
  readonly overSince: Map<string, number>;
  readonly nowMs: number;
};

/** What the ledger says of some beads, as `reconcile` needs it. Unknown ones prove nothing. */
export function gatherWorks(
  world: World,
  beads: Iterable<string>,
  around: Surroundings,
): readonly Work[] {
  return [...beads].map((uid) => {
    const bead = world.bead(uid);
    const work = readWork(world, uid, bead, around);
    const over = work.claim !== undefined && typeof standing(work, work.claim.epoch) === "object";
    if (!over) {
      around.overSince.delete(uid);
      return work;
    }
    const since = around.overSince.get(uid) ?? around.nowMs;
    around.overSince.set(uid, since);
    return { ...work, overMs: around.nowMs - since };
  });
}

function readWork(world: World, uid: string, bead: Bead | undefined, around: Surroundings): Work {
  const claim = bead?.claim;
  return {
    bead: uid,
    claim: bead &&
      claim && {
        epoch: claim.epoch,
        polecat: claim.polecat,
        here: claim.machine === around.machine,
        released: claim.released,
        respawn: claim.respawn,
        progress: progressUnder(world, uid, claim.epoch),
        exit: exitUnder(bead, claim.epoch),
        handOff: wantedHandOff(world, bead) !== undefined,
        restart: restartUnder(bead, claim.epoch, around.nowMs),
      },
    closeKind: bead?.closeKind ?? "",
    deleted: bead?.deleted ?? false,
    refusal: bead && around.refusal(bead),
    hasTrace: moleculeOf(world, uid) !== undefined,
    overMs: 0,
  };
}

/** The highest incarnation of a claim's worker that closed a step. */
function progressUnder(world: World, uid: string, epoch: string): number | undefined {
  let highest: number | undefined;
  for (const { bead } of moleculeOf(world, uid)?.steps ?? []) {
    for (const close of world.state(bead.uid)?.closes.values() ?? []) {
      if (close.epoch === undefined || claimEpoch(close.epoch) !== epoch) continue;
      highest = Math.max(highest ?? 0, parseEpoch(close.epoch).respawn ?? 0);
    }
  }
  return highest;
}

/** How the worker of one claim left; undefined while it has not. */
export function exitUnder(bead: Bead, epoch: string): ExitKind | undefined {
  const exit = exitField.read(bead);
  return exit && claimEpoch(exit.epoch) === claimEpoch(epoch) ? exit.kind : undefined;
}

/** That another machine shall go on with a claim. What was submitted is with the merge queue. */
export function wantedHandOff(world: World, bead: Bead): HandOff | undefined {
  const { claim, uid } = bead;
  const wanted = handOffField.read(bead);
  if (!wanted || claim?.epoch !== claimEpoch(wanted.epoch)) return undefined;
  return world.bead(mergeRequestUid(uid, claim.epoch)) ? undefined : wanted;
}

/** The wish of a claim's worker for a fresh session. */
export function wantedRestart(bead: Bead, epoch: string): Restart | undefined {
  const wanted = restartField.read(bead);
  return wanted && claimEpoch(wanted.epoch) === claimEpoch(epoch) ? wanted : undefined;
}

function restartUnder(bead: Bead, epoch: string, nowMs: number) {
  const wanted = wantedRestart(bead, epoch);
  if (!wanted) return undefined;
  return { respawn: parseEpoch(wanted.epoch).respawn ?? 0, sinceMs: nowMs - wanted.atMs };
}
