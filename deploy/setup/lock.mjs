import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const retryMs = 100;
const patientTries = 5;
const waitMsMax = 600_000;

/**
 * Run `work` while no other process runs it under the same lock file. A lock left by a process that
 * is gone is taken over; one that lives is waited for, ten minutes at most.
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
export async function withLock(path, work, signal) {
  mkdirSync(dirname(path), { recursive: true });
  const deadlineMs = Date.now() + waitMsMax;
  for (let tries = 0; !tryLock(path); tries += 1) {
    if (tries === patientTries) process.stderr.write("gastown: waiting for another set-up\n");
    if (Date.now() > deadlineMs) {
      throw new Error(`another set-up holds ${path}; remove that file if none is running`);
    }
    await wait(retryMs, undefined, { signal });
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

/**
 * Take the lock, or say that a living process has it.
 * @param {string} path
 */
export function tryLock(path) {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    if (link(own, path)) return true;
    const holder = readHolder(path);
    if (holder === undefined || isAlive(holder)) return false;
    // Renaming first makes sure that only one of several waiters removes the dead one's lock.
    renameSync(path, `${own}.stale`);
    rmSync(`${own}.stale`, { force: true });
    return link(own, path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false; // Another waiter was faster.
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/**
 * A hard link is made whole or not at all, so no one ever reads a lock without its holder.
 * @param {string} from
 * @param {string} to
 */
function link(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** @param {string} path */
function readHolder(path) {
  try {
    return Number(readFileSync(path, "utf8"));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
