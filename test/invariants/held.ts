import { at, type Court, type Judge } from "./court.ts";
import type { Facts } from "./facts.ts";
import type { Destroyed, Disk } from "./observation.ts";

/** 8: what a polecat made is kept until it landed or was released. */
export function heldJudge({ limits }: Facts, court: Court): Judge {
  return {
    hears: {
      destroyed: (seen) => judgeDestroyed(court, seen),
      disk: (seen) => judgeDisk(court, seen, limits.checkpointMs + limits.slackMs),
    },
  };
}

function judgeDestroyed(court: Court, seen: Destroyed): void {
  const { what, machine, bead, epoch, work, held, isFree, atMs } = seen;
  if (work.length > 0) court.look(8);
  const gone = work.filter((each) => !held.includes(each));
  if (isFree || gone.length === 0) return;
  const removed = `${machine} removed the ${what} of ${epoch} at ${at(atMs)}`;
  const more = gone.length > 1 ? ` and ${gone.length - 1} more` : "";
  court.broken(8, atMs, bead, `${removed}, and nothing else held ${gone[0]}${more}`);
}

/** A disk that is gone for good may take with it what came after the last checkpoint. */
function judgeDisk(court: Court, { machine, what, unsaved, atMs }: Disk, ageMsMax: number): void {
  for (const { bead, ageMs, wasAway } of unsaved) {
    court.look(8);
    if (ageMs <= ageMsMax || wasAway) continue;
    const took = `the disk of ${machine}, ${what} at ${at(atMs)}, took work with it`;
    court.broken(8, atMs, bead, `${took} that was unsaved for ${at(ageMs)}`);
  }
}
