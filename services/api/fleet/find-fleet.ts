import { type EnrolledMachine, machines, readMachine } from "#services/ledger/machines.ts";
import { type EnrolledRig, rigNamed, rigs } from "#services/ledger/rigs.ts";
import type { World } from "#services/ledger/world.ts";
import { TownError } from "#services/rpc/town-error.ts";

/** A machine that is enrolled. Throws `not_found`, naming those that are. */
export function findMachine(world: World, name: string): EnrolledMachine {
  const all = machines(world);
  const found = all.find(({ machine }) => machine.name === name);
  if (found) return found;
  const isGone = goneMachines(world).some(({ machine }) => machine.name === name);
  const known = all.map(({ machine }) => machine.name);
  const there = isGone ? `${name} left for good; \`gt join\` there brings it back` : among(known);
  throw unknown("machine", name, there);
}

/** Machines that were given up for good. */
export function goneMachines(world: World): EnrolledMachine[] {
  return world.ofType("machine").flatMap((bead) => {
    return bead.status === "closed" ? (readMachine(bead) ?? []) : [];
  });
}

/** A rig that is enrolled. Throws `not_found`, naming those that are. */
export function findRig(world: World, name: string): EnrolledRig {
  const found = rigNamed(world, name);
  if (found) return found;
  throw unknown("rig", name, among(rigs(world).map(({ rig }) => rig.name)));
}

function among(known: readonly string[]): string {
  return known.length > 0 ? `there are ${known.join(", ")}` : "there is none yet";
}

function unknown(type: string, name: string, there: string): TownError {
  return new TownError("not_found", `no ${type} ${name}; ${there}`, { resource: { type, name } });
}
