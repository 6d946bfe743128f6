import { join } from "node:path";

/** Our bare clone of a rig's remote. */
export function clonePath(home: string, rig: string): string {
  return join(home, "rigs", rig, "repo.git");
}

/** Where a polecat works. */
export function worktreePath(home: string, rig: string, name: string): string {
  return join(home, "rigs", rig, "polecats", name);
}

/** Where all sessions are kept. */
export function sessionsPath(home: string): string {
  return join(home, "sessions");
}

/** A session's folder; its path is also the marker of the session's processes. */
export function sessionPath(home: string, session: string): string {
  return join(sessionsPath(home), session);
}

/** What a session printed. */
export function outputPath(home: string, session: string): string {
  return join(sessionPath(home, session), "output.log");
}

/** A polecat's own name: `nux` of `rigs/alpha/polecats/nux`. */
export function shortName(agent: string): string {
  return agent.slice(agent.lastIndexOf("/") + 1);
}

/**
 * The name of a session, good as a folder's: `nux-al-1a2b-4-2-0`.
 *
 * Epochs count per bead and polecats' names come again, so it takes all three to name one for good.
 */
export function sessionName(
  agent: string,
  bead: { uid: string; id: string },
  epoch: string,
): string {
  const id = /^[\w][\w.-]{0,59}$/.test(bead.id) ? bead.id : bead.uid;
  return `${shortName(agent)}-${id}-${epoch.replaceAll(".", "-")}`;
}
