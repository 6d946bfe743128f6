import { type Bead, isHeld } from "#services/ledger/bead.ts";
import { isSlung, openWork, readyBeads } from "#services/ledger/readiness.ts";
import { workField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { waitsForPeople } from "../invariants/quiet.ts";
import type { Sim } from "./sim.ts";

/** What goes on or is still to be done, a sentence each; nothing where the town is at rest. */
export function unfinished(sim: Sim): string[] {
  const { machines, town, hosts } = sim.world;
  const down = [...hosts.keys()].filter((name) => !sim.gone.has(name) && !sim.isUp(name));
  if (down.length > 0) return down.map((name) => `${name} is down`);
  if (!town || machines.size + 1 + sim.gone.size < hosts.size) return ["not everyone serves yet"];
  const world = town.base.ledger.world;
  const left = openings(world, sim.nowMs);
  for (const [name, { polecats }] of machines) {
    const live = polecats.sessions.list().filter(({ state }) => state !== "removed");
    for (const { name: session, state } of live) left.push(`${name}: ${session} is ${state}`);
  }
  const workers = [...sim.workers].filter(([name]) => !sim.gone.has(name));
  for (const [name, { count }] of workers) {
    if (count > 0) left.push(`${name}: ${count} workers run`);
  }
  if (left.length > 0) return left;
  const heads = [...machines.values()].map(({ base }) => headsOf(base.ledger.heads()));
  const all = headsOf(town.base.ledger.heads());
  return heads.every((each) => each === all) ? [] : ["not everyone has all events yet"];
}

function openings(world: World, nowMs: number): string[] {
  const held = openWork(world).filter((bead) => isHeld(bead) && !waitsForPeople(bead, world));
  const ready = readyBeads(world, nowMs).filter((bead) => isSlung(bead, world));
  return [
    ...held.map(({ id, claim }) => `${id} is held under ${claim?.epoch} on ${claim?.machine}`),
    ...ready.map(({ id }) => `${id} is ready`),
    ...world
      .ofType("merge-request")
      .filter((request) => request.status !== "closed" && !isForPeople(request, world))
      .map(({ id }) => `${id} is in the queue`),
  ];
}

function isForPeople(request: Bead, world: World): boolean {
  const work = world.bead(workField.read(request) ?? "");
  return work !== undefined && waitsForPeople(work, world);
}

function headsOf(heads: ReadonlyMap<string, { readonly seq: number }>): string {
  return [...heads]
    .filter(([, { seq }]) => seq > 0)
    .map(([writer, { seq }]) => `${writer} ${seq}`)
    .sort()
    .join();
}
