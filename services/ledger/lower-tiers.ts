import type { Bead } from "./bead.ts";
import { compareOrigins } from "./bead-state.ts";
import { stampTime } from "./clock.ts";
import type { World } from "./world.ts";

/** All beads below the active tier, in no order. */
export function* belowActive(world: Pick<World, "inTier">): Iterable<Bead> {
  yield* world.inTier("recent");
  yield* world.inTier("archive");
}

/** When an ended bead ended, RFC 3339; undefined for one that goes on. */
export function endOf(bead: Bead, world: Pick<World, "state">): string | undefined {
  if (!bead.deleted) return bead.closedAt;
  const written = bead.fields["deleted_at"];
  if (typeof written === "string" && !Number.isNaN(Date.parse(written))) return written;
  const deletes = [...(world.state(bead.uid)?.deletes.values() ?? [])].sort(compareOrigins);
  return deletes[0] ? stampTime(deletes[0].stamp) : bead.updatedAt;
}

/** The month of an instant in UTC, `YYYY-MM`. */
export function monthOf(time: string): string {
  const ms = Date.parse(time);
  // What cannot be read, or lies beyond what has four digits for its year, is put together.
  if (Number.isNaN(ms) || ms < 0 || ms >= farMs) return "1970-01";
  return new Date(ms).toISOString().slice(0, 7);
}

const farMs = Date.UTC(10_000, 0);
