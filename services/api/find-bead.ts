import type { Bead } from "#services/ledger/bead.ts";
import { nearestIds } from "#services/ledger/nearest-ids.ts";
import type { World } from "#services/ledger/world.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { invalid } from "./check.ts";

/** A bead by id, former id or uid, a tombstone too. Throws `not_found` naming the nearest ids. */
export function findBead(world: World, id: string, field = "id"): Bead {
  if (id === "") throw invalid([{ field, description: "must not be empty" }]);
  const bead = world.bead(id);
  if (bead) return bead;
  const near = nearestIds(world, id);
  const hint = near.length > 0 ? `; did you mean ${near.join(" or ")}?` : "";
  const resource = { type: "bead", name: id };
  throw new TownError("not_found", `no bead ${id}${hint}`, { resource });
}

/** A bead that may still change. Throws `state` for one that was deleted. */
export function findLiveBead(world: World, id: string, field = "id"): Bead {
  const bead = findBead(world, id, field);
  if (!bead.deleted) return bead;
  throw refusedState(bead.id, `${bead.id} was deleted`);
}

/** The failure of a request that the state of a bead forbids. */
export function refusedState(id: string, description: string): TownError {
  return new TownError("state", description, { violations: [{ field: id, description }] });
}
