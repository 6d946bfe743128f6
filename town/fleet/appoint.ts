import { appointmentFields } from "#services/ledger/appointment.ts";
import { setFields } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import {
  type EnrolledMachine,
  machines,
  serves,
  wireWithFederation,
} from "#services/ledger/machines.ts";
import { type EnrolledRig, holderOf, rigs } from "#services/ledger/rigs.ts";
import type { World } from "#services/ledger/world.ts";

/**
 * Appoint an authority for each rig that needs one: it has none yet, or the one it has is lost, is
 * being drained, or is not there any more. Each appointment says which term was known then, so that
 * it overrides what was taken up to then and nothing later.
 *
 * Who took a later term by itself, with the town away, is adopted where it can go on. Where nobody
 * else can serve a rig, who has it keeps it: a lost machine that comes back goes on where it was.
 *
 * @param isFit whether a machine may be given a rig now: it is heard, say
 */
export function appointments(world: World, isFit: (machine: string) => boolean): Draft[] {
  const enrolled = machines(world);
  const known = rigs(world);
  const held = new Map<string, number>();
  for (const rig of known) count(held, holderOf(rig));
  return known.flatMap((rig) => {
    const chosen = choose(rig, enrolled, { isFit, held });
    if (chosen === undefined) return [];
    const { appointed, authority, bead } = rig;
    const term = Math.max(authority?.term ?? 0, appointed?.term ?? 0);
    count(held, chosen);
    return [setFields(bead.uid, appointmentFields(world, rig.rig, { machine: chosen, term }))];
  });
}

function count(held: Map<string, number>, machine: string | undefined): void {
  if (machine !== undefined) held.set(machine, (held.get(machine) ?? 0) + 1);
}

/** Who shall be appointed now; undefined where the appointment that stands is right. */
function choose(
  rig: EnrolledRig,
  enrolled: readonly EnrolledMachine[],
  near: {
    readonly isFit: (machine: string) => boolean;
    /** How many rigs each machine holds. */
    readonly held: ReadonlyMap<string, number>;
  },
): string | undefined {
  const serving = enrolled.filter(({ machine }) => serves(machine, rig.rig));
  const holder = holderOf(rig);
  const now = serving.find(({ machine }) => machine.name === holder);
  const stays = now !== undefined && now.state !== "draining" && now.lostSince === undefined;
  if (stays && rig.appointed?.machine === holder) return undefined;
  const fit = serving
    .filter(({ state, lostSince }) => state === "ready" && lostSince === undefined)
    .filter(({ machine }) => rig.rig.fencing === "chain" || machine.wire >= wireWithFederation)
    .map(({ machine }) => machine.name)
    .filter(near.isFit);
  // It holds the rig already, without having been asked to.
  if (stays && holder !== undefined && fit.includes(holder)) return holder;
  // One that took the rig by itself and cannot be asked now keeps it while it is not lost.
  if (stays && rig.appointed !== undefined) return undefined;
  const load = (name: string) => near.held.get(name) ?? 0;
  return fit.sort((a, b) => load(a) - load(b) || (a < b ? -1 : 1)).find((name) => name !== holder);
}
