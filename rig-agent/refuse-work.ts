import type { Bead } from "#services/ledger/bead.ts";
import { machineNamed, serves } from "#services/ledger/machines.ts";
import { rigOf } from "#services/ledger/rigs.ts";
import type { World } from "#services/ledger/world.ts";

/**
 * Why a machine cannot work on a bead that was claimed for it, in words; undefined where it can.
 *
 * @param standing why the machine takes nothing new at all; what it has begun it finishes
 */
export function refuseWork(
  world: World,
  machine: string,
  standing: () => string | undefined = () => undefined,
): (bead: Bead) => string | undefined {
  return (bead) => {
    const trouble = bead.claim?.respawn === undefined ? standing() : undefined;
    if (trouble !== undefined) return trouble;
    const enrolled = rigOf(bead, world);
    if (!enrolled) return undefined; // It may just not have arrived: absence proves nothing.
    const host = machineNamed(world, machine);
    if (host && serves(host.machine, enrolled.rig)) return undefined;
    return `${machine} does not serve rig ${enrolled.rig.name}`;
  };
}
