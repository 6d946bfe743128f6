import { machines } from "#services/ledger/machines.ts";
import { rigs } from "#services/ledger/rigs.ts";
import { agentField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { TownError } from "#services/rpc/town-error.ts";

/** Those who always have an inbox. */
const seats = ["overseer", "mayor", "deacon"];

/**
 * The full name of whom mail is for: `nux` is short for the one polecat of that name.
 *
 * Throws `not_found` for a name that nobody bears, since mail to it would never be read.
 */
export function receiverOf(world: World, wanted: string): string {
  const agents = world.ofType("agent").flatMap((bead) => agentField.read(bead) ?? []);
  const known = [...seats, ...officers(world), ...agents];
  if (known.includes(wanted) || isCrew(world, wanted)) return wanted;
  const fits = agents.filter((agent) => agent.endsWith(`/${wanted}`));
  const [only, ...others] = fits;
  if (only !== undefined && others.length === 0) return only;
  const resource = { type: "agent", name: wanted };
  const which =
    fits.length > 0
      ? `${wanted} is the name of ${fits.join(" and ")}; give it in full`
      : `nobody called ${wanted} is known; mail goes to ${known.slice(0, 8).join(", ")}, …`;
  throw new TownError("not_found", which, { resource });
}

function officers(world: World): string[] {
  return [
    ...machines(world).flatMap(({ machine }) => {
      return [`machines/${machine.name}`, `machines/${machine.name}/witness`];
    }),
    ...rigs(world).flatMap(({ rig }) => [
      `rigs/${rig.name}/refinery`,
      `rigs/${rig.name}/authority`,
    ]),
  ];
}

/** Crew are people and long-lived agents, whom nobody enrolls. */
function isCrew(world: World, wanted: string): boolean {
  const rig = /^rigs\/([^/]+)\/crew\/[\w.-]+$/.exec(wanted)?.[1];
  return rigs(world).some((each) => each.rig.name === rig);
}
