import { at, type Court, type Judge } from "./court.ts";
import type { Facts } from "./facts.ts";

/** 10: to the authority what is closed stays so until somebody reopens it. */
export function endedJudge(_facts: Facts, court: Court): Judge {
  const ended = new Map<string, number>();
  return {
    hears: {
      folded: ({ by, bead, isHolder, isEnded, op, atMs }) => {
        const key = `${by} ${bead}`;
        const sinceMs = ended.get(key);
        if (!isHolder) ended.delete(key); // What it missed meanwhile is no regress.
        if (!isHolder) return;
        if (sinceMs !== undefined) court.look(10);
        if (isEnded) ended.set(key, sinceMs ?? atMs);
        else if (ended.delete(key) && op !== "reopen") {
          const was = `closed since ${at(sinceMs ?? 0)}`;
          court.broken(
            10,
            atMs,
            bead,
            `to ${by} it was ${was}, and open by a ${op} at ${at(atMs)}`,
          );
        }
      },
    },
  };
}
