import { setFields } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { machines, serves } from "#services/ledger/machines.ts";
import { appointedField, rigs } from "#services/ledger/rigs.ts";
import type { World } from "#services/ledger/world.ts";

/**
 * Appoint an authority for each rig that has none yet: who holds it already, where it is heard,
 * else the first machine that serves the rig.
 */
export function appointments(world: World, isHeard: (machine: string) => boolean): Draft[] {
  const enrolled = machines(world);
  return rigs(world).flatMap(({ bead, rig, appointed, authority }) => {
    const serving = enrolled.filter(({ machine }) => serves(machine, rig));
    if (appointed !== undefined || serving.length === 0) return [];
    const fit = serving.filter(({ machine, state }) => state === "ready" && isHeard(machine.name));
    const chosen = fit.find(({ machine }) => machine.name === authority?.machine) ?? fit[0];
    if (!chosen) return [];
    const appointment = { machine: chosen.machine.name, term: authority?.term ?? 0 };
    return [setFields(bead.uid, { [appointedField.name]: appointment })];
  });
}
