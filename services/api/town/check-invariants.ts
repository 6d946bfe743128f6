import { type Bead, isHeld } from "#services/ledger/bead.ts";
import { machines } from "#services/ledger/machines.ts";
import { workInHand } from "#services/ledger/readiness.ts";
import { rigOf, rigs } from "#services/ledger/rigs.ts";
import { landedCommitField, mergeStateField, workField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { isWorked } from "#services/scheduler/gather.ts";

/** What of a town's invariants the ledger alone shows to be broken, a sentence each. */
export function brokenInvariants(world: World): string[] {
  const held = workInHand(world).filter(isHeld);
  return [
    ...twoHolders(held),
    ...overCapacity(held.filter(isWorked), world),
    ...notEmpty(held, world),
    ...landings(world),
  ];
}

/** A name is one worker: two beads under it would be told of each other's exits. */
function twoHolders(held: readonly Bead[]): string[] {
  const holders = new Map<string, Bead>();
  return held.flatMap((bead) => {
    const name = bead.claim?.polecat ?? "";
    const other = holders.get(name);
    holders.set(name, bead);
    return other ? [`${name} holds both ${other.id} and ${bead.id}`] : [];
  });
}

function overCapacity(worked: readonly Bead[], world: World): string[] {
  const enrolled = machines(world).map(({ machine }) => {
    const count = worked.filter(({ claim }) => claim?.machine === machine.name).length;
    return { name: machine.name, count, max: machine.polecatsMax };
  });
  const ofRigs = rigs(world).map(({ rig }) => {
    const count = worked.filter((bead) => rigOf(bead, world)?.rig.name === rig.name).length;
    return { name: `rig ${rig.name}`, count, max: rig.polecatsMax || Number.POSITIVE_INFINITY };
  });
  return [...enrolled, ...ofRigs].flatMap(({ name, count, max }) =>
    count > max ? [`${name} works on ${count} beads and may on ${max}`] : [],
  );
}

function notEmpty(held: readonly Bead[], world: World): string[] {
  const drained = machines(world).filter(({ drainedAt }) => drainedAt !== undefined);
  return drained.flatMap(({ machine: { name }, drainedAt }) => {
    const left = held.find(({ claim }) => claim?.machine === name);
    return left ? [`${name} said at ${drainedAt} that it is empty, and holds ${left.id}`] : [];
  });
}

/** What landed is closed as merged, with the commit; what was reopened since may be open. */
function landings(world: World): string[] {
  return world.ofType("merge-request").flatMap((request) => {
    if (mergeStateField.read(request) !== "landed") return [];
    const commit = landedCommitField.read(request) ?? "";
    if (commit === "") return [`${request.id} landed, and no commit is written down`];
    const bead = world.bead(workField.read(request) ?? "");
    if (!bead || bead.deleted || isReopened(bead, world)) return [];
    const isMerged = bead.status === "closed" && bead.closes.some((each) => each.includes(commit));
    if (isMerged) return [];
    return [`${request.id} landed, and ${bead.id} is ${bead.status}, not closed by it`];
  });
}

function isReopened({ uid }: Bead, world: World): boolean {
  return (world.state(uid)?.reopened.size ?? 0) > 0;
}
