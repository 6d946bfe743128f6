import { appointmentFields } from "#services/ledger/appointment.ts";
import { setFields } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import {
  type EnrolledMachine,
  machines,
  serves,
  wireWithFederation,
} from "#services/ledger/machines.ts";
import { type Appointment, type EnrolledRig, holderOf, rigs } from "#services/ledger/rigs.ts";
import type { World } from "#services/ledger/world.ts";

/** What an appointment rests on beside the ledger. */
export type Surroundings = {
  /** Whether a machine may be given a rig now: it is heard, say. */
  readonly isFit: (machine: string) => boolean;
  /** The highest term of a rig that is heard of, whether or not the ledger has it yet. */
  readonly termOf: (rig: string) => number;
  readonly nowMs: number;
};

/** So long after a person asked for a holder a later term is taken for one from before. */
const insistMs = 60_000;

/**
 * Appoint an authority for each rig that needs one: it has none yet, or the one it has is lost, is
 * being drained, or is not there any more. Each appointment says which term was known then, so that
 * it overrides what was taken up to then and nothing later.
 *
 * Who took a later term by itself, with the town away, is adopted where it can go on; but what a
 * person has just asked for is asserted again: a term that comes to light right after was taken
 * before, and nobody knew of it. Where nobody else can serve a rig, who has it keeps it: a lost
 * machine that comes back goes on where it was.
 */
export function appointments(world: World, near: Surroundings): Draft[] {
  const { isFit, termOf, nowMs } = near;
  const enrolled = machines(world);
  const known = rigs(world);
  const held = new Map<string, number>();
  for (const rig of known) count(held, holderOf(rig));
  return known.flatMap((rig) => {
    const { appointed, authority, bead } = rig;
    const asked = insisted(rig, nowMs);
    const chosen = choose(rig, enrolled, { isFit, held, insisted: asked?.machine });
    if (chosen === undefined) return [];
    const known = [authority?.term ?? 0, appointed?.term ?? 0, termOf(rig.rig.name)];
    const wanted = { machine: chosen, term: Math.max(...known) };
    const whole = asked?.machine === chosen ? { ...asked, ...wanted } : wanted;
    count(held, chosen);
    return [setFields(bead.uid, appointmentFields(world, rig.rig, whole))];
  });
}

/** An appointment that a person made a moment ago, and that a later term seems to override. */
function insisted(rig: EnrolledRig, nowMs: number): Appointment | undefined {
  const { appointed } = rig;
  if (appointed?.asked === undefined || holderOf(rig) === appointed.machine) return undefined;
  return nowMs - Date.parse(appointed.asked.at) <= insistMs ? appointed : undefined;
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
    /** Who a person has just asked for. */
    readonly insisted: string | undefined;
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
  if (near.insisted !== undefined && fit.includes(near.insisted)) return near.insisted;
  // It holds the rig already, without having been asked to.
  if (stays && holder !== undefined && fit.includes(holder)) return holder;
  // One that took the rig by itself and cannot be asked now keeps it while it is not lost.
  if (stays && rig.appointed !== undefined) return undefined;
  const load = (name: string) => near.held.get(name) ?? 0;
  return fit.sort((a, b) => load(a) - load(b) || (a < b ? -1 : 1)).find((name) => name !== holder);
}
