import { type Bead, isHeld } from "#services/ledger/bead.ts";
import { releaseBead } from "#services/ledger/drafts.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";
import type { Draft } from "#services/ledger/event.ts";
import { machineField } from "#services/ledger/machines.ts";
import { liveMergeRequest, slingOf, workInHand } from "#services/ledger/readiness.ts";
import { type EnrolledRig, rigOf } from "#services/ledger/rigs.ts";
import { exitField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { othersFor } from "#services/scheduler/drain.ts";

/** Since when this process has seen machines as lost, by its own clock. */
export class LostSince {
  readonly #sinceMs = new Map<string, number>();

  /** Take note of who is lost now; who is not any more begins anew the next time. */
  note(lost: ReadonlySet<string>, nowMs: number): void {
    for (const name of this.#sinceMs.keys()) if (!lost.has(name)) this.#sinceMs.delete(name);
    for (const name of lost) if (!this.#sinceMs.has(name)) this.#sinceMs.set(name, nowMs);
  }

  /** For how long a machine has been seen as lost; undefined where it is not. */
  forMs(machine: string, nowMs: number): number | undefined {
    const sinceMs = this.#sinceMs.get(machine);
    return sinceMs === undefined ? undefined : nowMs - sinceMs;
  }
}

/** Machines that left for good: their beads are closed. */
export function goneMachines(world: World): Set<string> {
  const closed = world.ofType("machine").filter(({ status }) => status === "closed");
  return new Set(closed.flatMap((bead) => machineField.read(bead)?.name ?? []));
}

/**
 * End the claims of a rig whose machines are lost, as the rig wants it, so that others go on.
 *
 * What nobody else may take, by its rig or by how it was slung, waits for its machine. What was
 * submitted is the merge queue's, whose worker need not live for it to land. A machine that left
 * for good is not waited for, whatever the rig says of lost ones.
 *
 * @param lost.forMs for how long a machine has been lost; undefined where it is not
 */
export function releasesOfLost(
  world: World,
  enrolled: EnrolledRig,
  lost: {
    readonly forMs: (machine: string) => number | undefined;
    readonly why: (machine: string) => string;
    readonly gone: ReadonlySet<string>;
  },
): Draft[] {
  const { rig } = enrolled;
  return workInHand(world).flatMap((bead) => {
    const { claim } = bead;
    if (!claim) return [];
    const { machine, epoch } = claim;
    const isGone = lost.gone.has(machine);
    const lostForMs = lost.forMs(machine);
    if (!isGone && lostForMs === undefined) return []; // Nearly always, so it is asked first.
    if (!isHeld(bead) || rigOf(bead, world)?.rig.name !== rig.name) return [];
    const isDue = lostForMs !== undefined && lostForMs >= rig.lossWaitMs;
    if (!isGone && !(rig.onLoss === "replace" && isDue && canGoOn(bead, enrolled, world)))
      return [];
    if (isSubmitted(bead, world)) return [];
    const why = isGone ? `${machine} left the town for good` : lost.why(machine);
    return [releaseBead(bead.uid, epoch, why)];
  });
}

/** Whether anybody else may go on; else its worker loses by a release, and nobody wins. */
function canGoOn(bead: Bead, { rig }: EnrolledRig, world: World): boolean {
  const machine = bead.claim?.machine ?? "";
  if (slingOf(bead, world)?.machine === machine) return false;
  return othersFor(world, rig, machine).length > 0;
}

function isSubmitted(bead: Bead, world: World): boolean {
  const exit = exitField.read(bead);
  const hasLeft = exit?.kind === "COMPLETED" && claimEpoch(exit.epoch) === bead.claim?.epoch;
  return hasLeft || liveMergeRequest(bead, world) !== undefined;
}
