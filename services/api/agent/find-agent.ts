import { isHeld } from "#services/ledger/bead.ts";
import { workInHand } from "#services/ledger/readiness.ts";
import { agentField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { TownError } from "#services/rpc/town-error.ts";

/** An agent, where it runs, and what it works on, as far as the ledger knows. */
export type FoundAgent = {
  /** Its resource name, `rigs/alpha/polecats/nux`. */
  readonly name: string;
  readonly machine: string | undefined;
  /** The uid of the bead it holds, or held last. */
  readonly bead: string | undefined;
};

/**
 * Find an agent by its resource name, its short name, or the bead it works on.
 *
 * @throws TownError `not_found`; `invalid` where a short name fits several
 */
export function findAgent(world: World, wanted: string): FoundAgent {
  const bead = world.bead(wanted);
  if (bead?.claim) return { name: bead.claim.polecat, machine: bead.claim.machine, bead: bead.uid };
  const names = world.ofType("agent").flatMap((agent) => agentField.read(agent) ?? []);
  const fits = names.filter((name) => name === wanted || name.endsWith(`/${wanted}`));
  if (fits.length > 1) {
    throw new TownError("invalid", `${wanted} fits ${fits.join(", ")}: give the whole name`);
  }
  const name = fits[0];
  if (name === undefined) {
    const known = names.length > 0 ? `; there are ${names.slice(0, 8).join(", ")}` : "";
    const resource = { type: "agent", name: wanted };
    throw new TownError("not_found", `no agent ${wanted}${known}`, { resource });
  }
  return { name, ...lastWork(world, name) };
}

function lastWork(
  world: World,
  name: string,
): { machine: string | undefined; bead: string | undefined } {
  let last: { machine: string; bead: string; claimedAt: string; held: boolean } | undefined;
  // What is in hand says it as a rule; what it held last may have ended, but not long ago.
  const inHand = workInHand(world).filter((bead) => isHeld(bead) && bead.claim?.polecat === name);
  for (const bead of inHand.length > 0 ? inHand : world.all()) {
    if (bead.claim?.polecat !== name) continue;
    const { machine, claimedAt } = bead.claim;
    const held = isHeld(bead);
    const isLater = !last || claimedAt > last.claimedAt;
    if (!last || (held && !last.held) || (held === last.held && isLater)) {
      last = { machine, bead: bead.uid, claimedAt, held };
    }
  }
  return { machine: last?.machine, bead: last?.bead };
}
