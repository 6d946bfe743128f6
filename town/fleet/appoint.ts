import { setFields } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { machines, serves } from "#services/ledger/machines.ts";
import { appointedField, rigs } from "#services/ledger/rigs.ts";
import type { World } from "#services/ledger/world.ts";

/** Appoint an authority for each rig that several machines serve and that has none yet. */
export function appointments(world: World, isHeard: (machine: string) => boolean): Draft[] {
  const enrolled = machines(world);
  return rigs(world).flatMap(({ bead, rig, appointed }) => {
    const serving = enrolled.filter(({ machine }) => serves(machine, rig));
    if (appointed !== undefined || serving.length === 0) return [];
    const heard = serving.find(({ machine, state }) => state === "ready" && isHeard(machine.name));
    if (!heard) return [];
    return [setFields(bead.uid, { [appointedField.name]: heard.machine.name })];
  });
}
