import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Session } from "#services/runtime/runtime.ts";
import { machineHome } from "./plan.ts";

/** What the launchers need of a session's record; the rig-agent writes and owns it. */
const Record = z.looseObject({
  agent: z.string(),
  bead: z.string(),
  beadId: z.string(),
  epoch: z.string(),
  state: z.string(),
  process: z.object({ pid: z.number(), startTime: z.string(), marker: z.string() }).optional(),
});

/** A polecat's session as its machine wrote it down. */
export type SessionRecord = {
  readonly agent: string;
  /** The uid of the bead. */
  readonly bead: string;
  readonly beadId: string;
  readonly epoch: string;
  readonly session: Session;
};

/** Machines that keep anything in a home. */
export async function machinesIn(home: string): Promise<string[]> {
  return folders(join(home, "machines"));
}

/** The sessions of one machine whose processes may still live. */
export async function sessionsOf(home: string, machine: string): Promise<SessionRecord[]> {
  const dir = join(machineHome(home, machine), "sessions");
  const found: SessionRecord[] = [];
  for (const name of await folders(dir)) {
    const marker = join(dir, name);
    const record = await readRecord(join(marker, "session.json"));
    if (record === undefined || record.state === "removed") continue;
    const { agent, bead, beadId, epoch } = record;
    // One that was started and not yet written down is known by its marker alone.
    const session = record.process ?? { pid: 0, startTime: "", marker };
    found.push({ agent, bead, beadId, epoch, session });
  }
  return found;
}

async function readRecord(path: string): Promise<z.infer<typeof Record> | undefined> {
  try {
    return Record.safeParse(JSON.parse(await readFile(path, "utf8"))).data;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function folders(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    },
  );
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
