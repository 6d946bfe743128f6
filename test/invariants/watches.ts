import { at, type Court, type Judge } from "./court.ts";
import type { Facts } from "./facts.ts";
import type { Watched } from "./observation.ts";

/** 14: a watch is given what follows, or told that it cannot be. */
export function watchesJudge(_facts: Facts, court: Court): Judge {
  const reached = new Map<string, number>();
  return {
    hears: {
      watched: (seen) => {
        const { watch, what, position } = seen;
        const last = reached.get(watch);
        if (what === "gap") reached.delete(watch);
        else if (what === "from" || last === undefined) reached.set(watch, position);
        else {
          judgeNext(court, last, seen);
          reached.set(watch, Math.max(last, position));
        }
      },
    },
  };
}

function judgeNext(court: Court, last: number, { watch, what, position, atMs }: Watched): void {
  court.look(14);
  const next = what === "end" ? last : last + 1;
  if (position === next) return;
  const given = what === "end" ? `ended with ${position} to tell` : `was given ${position}`;
  court.broken(14, atMs, watch, `after ${last} it ${given} at ${at(atMs)}`);
}
