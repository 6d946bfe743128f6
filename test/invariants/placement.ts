import { at, type Court, type Judge } from "./court.ts";
import type { Facts } from "./facts.ts";
import type { Placed } from "./observation.ts";

/** 12: a claim heeds what its authority knew in that moment. */
export function placementJudge(_facts: Facts, court: Court): Judge {
  return {
    hears: {
      placed: (seen) => {
        const { by, bead, epoch, on, atMs } = seen;
        court.look(12);
        const why = forbids(seen);
        if (why === undefined) return;
        const what = `${by} claimed it for ${on} under ${epoch} at ${at(atMs)}`;
        court.broken(12, atMs, bead, `${what}, though ${why}`);
      },
    },
  };
}

function forbids({ on, rig, seen }: Placed): string | undefined {
  const { state, serves, pinned, blocked } = seen;
  if (state !== "ready" && state !== "lost") return `${on} is ${state}`;
  if (!serves) return `${on} does not serve ${rig}`;
  if (pinned !== "" && pinned !== on) return `only ${pinned} may work on it`;
  return blocked[0];
}
