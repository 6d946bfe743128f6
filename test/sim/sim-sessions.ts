import { newTurns } from "#services/git/in-turn.ts";
import type { PolecatSession, SessionStore } from "../../rig-agent/polecat/sessions.ts";

/** The sessions of one process of a machine, on what the machine's disk has of them. */
export function openSimSessions(disk: Map<string, PolecatSession>): SessionStore {
  return {
    inTurn: newTurns(),
    list: () => [...disk.values()],
    get: (name) => disk.get(name),
    byToken: (token) => {
      if (token === "") return undefined;
      return [...disk.values()].find((session) => session.token === token);
    },
    put: async (session) => void disk.set(session.name, session),
    prune: async (keepMax) => {
      const gone = [...disk.values()]
        .filter(({ state }) => state === "removed")
        .sort((a, b) => b.startedAtMs - a.startedAtMs)
        .slice(keepMax);
      for (const { name } of gone) disk.delete(name);
    },
  };
}
