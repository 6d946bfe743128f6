import type { Bead } from "#services/ledger/bead.ts";
import { type EnrolledMachine, machines, serves } from "#services/ledger/machines.ts";
import { liveMergeRequest, slingOf, workInHand } from "#services/ledger/readiness.ts";
import { type EnrolledRig, type Rig, rigOf, rigs } from "#services/ledger/rigs.ts";
import { handOffField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { isWorked } from "./gather.ts";

/** What keeps a machine from being empty, by what the ledger says. */
export type Left = {
  /** Beads that its polecats work on, by id. */
  readonly beads: readonly Bead[];
  /** Rigs whose authority it holds, and somebody else could. */
  readonly authorities: readonly EnrolledRig[];
};

/** What is left on a machine. */
export function leftOn(world: World, machine: string): Left {
  const beads = workInHand(world)
    .filter((bead) => isWorked(bead) && bead.claim?.machine === machine)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const authorities = rigs(world).filter(
    ({ rig, authority }) =>
      authority?.machine === machine && othersFor(world, rig, machine).length > 0,
  );
  return { beads, authorities };
}

/** The machines beside one that take what a rig has to give. */
export function othersFor(world: World, rig: Rig, machine: string): EnrolledMachine[] {
  return machines(world).filter(
    (each) =>
      each.machine.name !== machine &&
      each.state === "ready" &&
      each.lostSince === undefined &&
      serves(each.machine, rig),
  );
}

/** What becomes of one bead on a machine that is being emptied. */
export type Departure = {
  readonly bead: Bead;
  /** `asked`: its hand-off is under way; `leaves`: its worker is done, the merge queue has it. */
  readonly fate: "hand off" | "asked" | "leaves" | "nowhere to go" | "may still end";
};

/** What becomes of each bead that is left on a machine that drains. */
export function departures(world: World, host: EnrolledMachine, nowMs: number): Departure[] {
  const { drain, machine } = host;
  const isDue = drain !== undefined && Date.parse(drain.deadlineAt) <= nowMs;
  return leftOn(world, machine.name).beads.map((bead) => {
    if (handOffField.read(bead)?.epoch === bead.claim?.epoch) return { bead, fate: "asked" };
    if (liveMergeRequest(bead, world)) return { bead, fate: "leaves" };
    if (!hasElsewhere(bead, world, machine.name)) return { bead, fate: "nowhere to go" };
    return { bead, fate: isDue ? "hand off" : "may still end" };
  });
}

/** Whether another machine may go on with a bead: it serves its rig, and the sling allows it. */
function hasElsewhere(bead: Bead, world: World, machine: string): boolean {
  const rig = rigOf(bead, world)?.rig;
  const slungTo = slingOf(bead, world)?.machine;
  const others = rig ? othersFor(world, rig, machine) : [];
  return others.some((each) => slungTo === undefined || slungTo === each.machine.name);
}
