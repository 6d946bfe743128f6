import type { Bead } from "#services/ledger/bead.ts";
import type { World } from "#services/ledger/world.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { assignmentOf, presetNamed } from "#services/runtime/presets.ts";
import type { Program } from "./ports.ts";

/**
 * What a bead's worker runs.
 *
 * @throws TownError `invalid` when no runtime is named, the named one is not known, or it lacks
 *   something
 */
export function programOf(world: World, work: Bead): Program {
  const { runtime, command } = assignmentOf(world, work);
  if (runtime === "") {
    const advice = `sling it with --runtime, or give the rig a default`;
    throw new TownError("invalid", `${work.id} names no worker runtime: ${advice}`);
  }
  if (runtime === "shell" && command.trim() === "") {
    throw new TownError("invalid", `${work.id} was slung as shell without a --command`);
  }
  return { argv: presetNamed(runtime).argv };
}
