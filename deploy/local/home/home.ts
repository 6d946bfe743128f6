import { existsSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { lock } from "proper-lockfile";
import { TownError } from "#services/rpc/town-error.ts";
import { readTownFile } from "./town-file.ts";

/** Who else changes this home has this long, ms: starting a town takes a few seconds. */
const lockWaitMs = 60_000;
const lockTryMs = 200;

/** What there is in a folder that shall be a home. */
export type HomeState = "absent" | "empty" | "home" | "foreign";

/**
 * Look what a folder holds.
 *
 * @throws TownError `invalid` for a home of another version, or one whose town.json is corrupt
 */
export async function homeState(path: string): Promise<HomeState> {
  if (!existsSync(path)) return "absent";
  if (readTownFile(path) !== undefined) return "home";
  const entries = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOTDIR") throw refusal(path, "it is a file");
    throw error;
  });
  return entries.every((name) => name === lockName) ? "empty" : "foreign";
}

/** Make sure that a folder is a home, or may become one. */
export async function openHome(path: string): Promise<void> {
  if ((await homeState(path)) === "foreign") throw refusal(path, "it holds other things");
  await mkdir(path, { recursive: true, mode: 0o700 });
}

/** Remove a home with all that is in it; never anything that is no home. */
export async function removeHome(path: string): Promise<void> {
  if ((await homeState(path)) === "foreign") {
    throw new TownError("state", `${path} is not removed: it is no home of Gas Town`);
  }
  await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

function refusal(path: string, why: string): TownError {
  return new TownError("state", `${path} cannot be a home: ${why}; choose another --home`);
}

const lockName = ".lock";

/** Do something to a home while nobody else starts or stops anything there. */
export async function withHomeLock<T>(home: string, work: () => Promise<T>): Promise<T> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const release = await lock(home, {
    lockfilePath: `${home}/${lockName}`,
    retries: { retries: lockWaitMs / lockTryMs, factor: 1, minTimeout: lockTryMs },
    stale: 15_000,
  }).catch((cause: unknown) => {
    const message = `another gt is starting or stopping what is in ${home}`;
    throw new TownError("unavailable", message, { cause });
  });
  try {
    return await work();
  } finally {
    // Work may have removed the home, and the lock with it.
    await release().catch(() => {});
  }
}
