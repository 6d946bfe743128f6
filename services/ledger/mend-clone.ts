import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { runGit } from "#services/git/run-git.ts";
import { isTownError } from "#services/rpc/town-error.ts";

/**
 * What is wrong with a clone of the ledger, in git's words: that it is none any more, or lacks what
 * its branches name. Undefined where nothing is, and where there is no clone.
 */
export async function cloneFault(dir: string): Promise<string | undefined> {
  if (!existsSync(dir)) return undefined;
  try {
    // By its name: git would otherwise be content with a repository further up.
    await runGit(["--git-dir=.", "for-each-ref", "--format=%(objecttype)"], { cwd: dir });
    return undefined;
  } catch (error) {
    return faultOf(error);
  }
}

/** What a failed read of a clone says of it. Throws what says nothing of it. */
export function faultOf(error: unknown): string {
  if (!isTownError(error)) throw error;
  if (error.reason === "cancelled" || error.reason === "exhausted") throw error;
  return (error.cause instanceof Error ? error.cause.message : error.message).trim();
}

/** Move a broken clone out of the way; the one before it goes. Returns what is to be told. */
export async function moveAside(dir: string, fault: string): Promise<string> {
  const aside = `${dir}.broken`;
  await rm(aside, { recursive: true, force: true });
  await rename(dir, aside);
  return `${dir} was broken (${fault}): it is now ${aside}, and is cloned anew`;
}

/** At the start of the process that keeps a clone: a broken one is made anew by the first look. */
export async function mendClone(dir: string): Promise<string | undefined> {
  const fault = await cloneFault(dir);
  return fault === undefined ? undefined : moveAside(dir, fault);
}
