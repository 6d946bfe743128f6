import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { newTurns } from "#services/git/in-turn.ts";
import type { Worker } from "#services/identity/worker.ts";
import { nodeDisk } from "#services/ledger/disk-node.ts";
import { isEpoch } from "#services/ledger/epoch.ts";
import { sessionsPath } from "./places.ts";

/** One incarnation of a polecat, as it is written down in its `session.json`. */
export const PolecatSession = z.object({
  version: z.literal(1),
  name: z.string().min(1),
  /** The polecat's resource name. */
  agent: z.string().min(1),
  rig: z.string().min(1),
  machine: z.string().min(1),
  /** The bead's uid, and its id when the session began. */
  bead: z.string().min(1),
  beadId: z.string().min(1),
  /** With the respawn: `4.2.0`. */
  epoch: z.string().refine(isEpoch),
  worktree: z.string().min(1),
  branch: z.string().min(1),
  /** Opens this machine's socket for this session; empty once it is over. */
  token: z.string(),
  /** `ended`: its process is over, its worktree not gone; `removed`: only the record is left. */
  state: z.enum(["starting", "running", "ended", "removed"]),
  /** Whether the rig's set-up ran in its worktree. */
  isSetUp: z.boolean(),
  startedAtMs: z.number(),
  endedAtMs: z.number().optional(),
  /** Why the worktree was kept, in words. */
  kept: z.string().optional(),
  process: z
    .object({ pid: z.number().int().positive(), startTime: z.string(), marker: z.string() })
    .optional(),
});
export type PolecatSession = z.infer<typeof PolecatSession>;

/** The sessions of one machine: all in memory, each change on disk before it counts. */
export type SessionStore = {
  readonly list: () => readonly PolecatSession[];
  readonly get: (name: string) => PolecatSession | undefined;
  /** The session that a token opens. */
  readonly byToken: (token: string) => PolecatSession | undefined;
  /** Write one down, durably, in place of its former state. */
  readonly put: (session: PolecatSession) => Promise<void>;
  /** Delete the oldest records, with their output, of sessions of which nothing else is left. */
  readonly prune: (keepMax: number) => Promise<void>;
  /** Do one thing at a time under a key (a bead's uid, say), whoever of this process wants it. */
  readonly inTurn: <T>(key: string, work: () => Promise<T>) => Promise<T>;
};

/** Where sessions are written down. */
export type SessionRecords = {
  /** Durable once it resolves, in place of the former one. */
  readonly write: (session: PolecatSession) => Promise<void>;
  readonly remove: (name: string) => Promise<void>;
};

/** Read what earlier processes wrote down. A record that cannot be read is told to `report`. */
export async function openSessions(
  home: string,
  report: (error: unknown, path: string) => void,
): Promise<SessionStore> {
  const dir = sessionsPath(home);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const found: PolecatSession[] = [];
  for (const name of (await readdir(dir)).sort()) {
    const path = join(dir, name, "session.json");
    try {
      found.push(PolecatSession.parse(JSON.parse(await readFile(path, "utf8"))));
    } catch (error) {
      // A crash before the first record was whole leaves a folder and nothing that ever ran.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") report(error, path);
    }
  }
  return keepSessions(found, {
    write: (session) => writeRecord(join(dir, session.name), session),
    remove: (name) => rm(join(dir, name), { recursive: true, force: true }),
  });
}

/** The sessions of a machine, from what was found written down. */
export function keepSessions(
  found: readonly PolecatSession[],
  records: SessionRecords,
): SessionStore {
  const sessions = new Map(found.map((session) => [session.name, session]));
  return {
    inTurn: newTurns(),
    list: () => [...sessions.values()],
    get: (name) => sessions.get(name),
    byToken: (token) => {
      if (token === "") return undefined;
      return [...sessions.values()].find((session) => session.token === token);
    },
    put: async (session) => {
      await records.write(session);
      sessions.set(session.name, session);
    },
    prune: async (keepMax) => {
      const gone = [...sessions.values()]
        .filter(({ state }) => state === "removed")
        .sort((a, b) => b.startedAtMs - a.startedAtMs)
        .slice(keepMax);
      for (const { name } of gone) {
        await records.remove(name);
        sessions.delete(name);
      }
    },
  };
}

/** The worker whose session this is, as the API knows its callers. */
export function workerOf(session: PolecatSession): Worker {
  const { agent, rig, bead, epoch, machine, worktree, branch } = session;
  return { agent, rig, beadUid: bead, epoch, machine, worktree, branch };
}

async function writeRecord(dir: string, session: PolecatSession): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, "session.json");
  const partial = `${path}.partial`;
  const text = `${JSON.stringify(session, undefined, 2)}\n`;
  await writeFile(partial, text, { mode: 0o600, flush: true });
  await rename(partial, path);
  await nodeDisk.syncDir(dir);
}
