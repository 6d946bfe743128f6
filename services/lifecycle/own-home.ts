import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { TownError } from "#services/rpc/town-error.ts";
import { systemProcesses } from "#services/runtime/process-table.ts";

const Owner = z.object({ pid: z.number().int(), startTime: z.string() });

/**
 * Hold a home folder for this process: a second one is refused. A holder that was killed holds
 * nothing, however long ago.
 *
 * @returns how to give it up
 * @throws TownError `state` where another process has it
 */
export async function ownHome(home: string): Promise<() => Promise<void>> {
  const path = join(home, "owner.json");
  const table = systemProcesses();
  const startTime = (await table.row(process.pid))?.startTime ?? "";
  const mine = `${path}.${process.pid}`;
  await writeFile(mine, `${JSON.stringify({ pid: process.pid, startTime })}\n`);
  try {
    for (let tries = 3; ; tries -= 1) {
      try {
        await link(mine, path); // Fails where the name is taken: one of two comes first.
        return () => rm(path, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const owner = await readOwner(path);
      const row = owner && (await table.row(owner.pid));
      if (owner && row?.dead === false && row.startTime === owner.startTime)
        throw owned(home, owner.pid);
      if (tries === 0) throw owned(home, undefined);
      await setAside(path, owner);
    }
  } finally {
    await rm(mine, { force: true });
  }
}

/** Take a dead owner's record away, and only that: another starter may have put its own there. */
async function setAside(path: string, dead: z.infer<typeof Owner> | undefined): Promise<void> {
  const aside = `${path}.dead-${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return;
  }
  const taken = await readOwner(aside);
  if (taken?.pid !== dead?.pid || taken?.startTime !== dead?.startTime) {
    await link(aside, path).catch(() => {}); // Put back, unless a third one was faster still.
  }
  await rm(aside, { force: true });
}

function owned(home: string, pid: number | undefined): TownError {
  const who = pid === undefined ? "another process" : `process ${pid}`;
  return new TownError("state", `${who} runs on ${home}: stop it first, or use another home`);
}

async function readOwner(path: string): Promise<z.infer<typeof Owner> | undefined> {
  try {
    return Owner.safeParse(JSON.parse(await readFile(path, "utf8"))).data;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
