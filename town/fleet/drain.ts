import { setFields } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { machines } from "#services/ledger/machines.ts";
import { handOffField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { departures } from "#services/scheduler/drain.ts";

/** Who asks for the hand-offs of a drain. */
export const deaconName = "deacon";

/**
 * Ask for the hand-off of what is still worked on machines whose drain is past its deadline, once
 * per claim. It is the machine that ends the worker and pushes what it holds; a bead that no other
 * machine could take waits where it is.
 */
export function drainHandOffs(world: World, nowMs: number): Draft[] {
  const draining = machines(world).filter(({ drain, lostSince }) => {
    return drain !== undefined && lostSince === undefined;
  });
  return draining.flatMap((host) =>
    departures(world, host, nowMs).flatMap(({ bead, fate }) => {
      const epoch = bead.claim?.epoch;
      if (fate !== "hand off" || epoch === undefined) return [];
      const wanted = { to: "", epoch, by: deaconName };
      return [setFields(bead.uid, { [handOffField.name]: wanted })];
    }),
  );
}
