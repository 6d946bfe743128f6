import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { townPerson } from "#services/identity/person.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import { commitTree, emptyTree } from "./commit-tree.ts";
import { type AskOptions, defaultBranch } from "./default-branch.ts";
import { runGit } from "./run-git.ts";
import { polecatBranch } from "./worktree.ts";

/** What a remote was found to allow. */
export type RemoteAbilities = {
  readonly branch: string;
  readonly head: string;
  /** Workers can push their branches. */
  readonly canPush: boolean;
  /** It keeps refs under `refs/gastown/`. */
  readonly customRefs: boolean;
  /** Several refs move together or not at all. */
  readonly atomic: boolean;
  /** The remote's own words about each thing it refused, and refs that could not be removed. */
  readonly notes: string[];
};

/**
 * Find out what a remote allows, by real pushes of throwaway refs, which are removed again.
 *
 * Whether the default branch itself is protected shows only at a landing; nothing is pushed to it.
 *
 * @throws TownError `unavailable`, `denied` or `not_found` when it cannot be read at all, `state`
 *   when it is empty
 */
export async function probeRemote(url: string, options: AskOptions = {}): Promise<RemoteAbilities> {
  const found = await defaultBranch(url, options);
  const dir = await mkdtemp(join(tmpdir(), "gt-probe-"));
  try {
    await runGit(["init", "--quiet", "--bare"], { cwd: dir });
    return { ...found, ...(await tryPushes(url, dir, options)) };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

type Pushes = Omit<RemoteAbilities, "branch" | "head">;

async function tryPushes(url: string, repoDir: string, options: AskOptions): Promise<Pushes> {
  const commit = await commitTree({
    repoDir,
    tree: await emptyTree(repoDir),
    parents: [],
    message: "Probe of what this remote allows; it may be removed",
    trailers: {},
    author: townPerson,
    committer: townPerson,
  });
  const id = randomUUID().slice(0, 8);
  const names = ["a", "b"].map((name) => `${id}${name}`);
  const branches = names.map((name) => `refs/heads/${polecatBranch("probe", name)}`);
  const customs = names.map((name) => `refs/gastown/probe/${name}`);
  const notes: string[] = [];
  const push = async (...args: string[]): Promise<boolean> => {
    try {
      await runGit(["push", "--quiet", ...args], { cwd: repoDir, ...options });
      return true;
    } catch (error) {
      if (!isTownError(error, "denied", "stale", "invalid")) throw error;
      // An answer may be lost, and git asks again by itself: what is there then was not refused.
      if (await hasAll(url, repoDir, refsOf(args), options)) {
        return true;
      }
      notes.push(error.message);
      return false;
    }
  };
  const made: string[] = [];
  const make = async (flags: string[], refs: string[]): Promise<boolean> => {
    made.push(...refs);
    return push(...flags, url, ...refs.map((ref) => `${commit}:${ref}`));
  };
  try {
    const [branchA = "", branchB = ""] = branches;
    const [customA = "", customB = ""] = customs;
    const canPush = await make([], [branchA]);
    const customRefs = await make([], [customA]);
    // The pair of a landing; where it cannot be pushed at all, a branch alone must do.
    const pair = customRefs ? [branchB, customB] : [branchB];
    const atomic = canPush && (await make(["--atomic"], pair));
    return { canPush, customRefs, atomic, notes };
  } finally {
    notes.push(...(await sweep(url, repoDir, made, options)));
  }
}

/** The refs that these arguments push to; the others are flags and the remote. */
function refsOf(args: readonly string[]): string[] {
  return args.flatMap((arg) => /^[0-9a-f]{40,64}:(.+)$/.exec(arg)?.[1] ?? []);
}

/** Whether the remote has all of these refs, whatever it answered to a push of them. */
async function hasAll(
  url: string,
  repoDir: string,
  refs: readonly string[],
  options: AskOptions,
): Promise<boolean> {
  const listed = ["ls-remote", "--end-of-options", url, ...refs];
  const { stdout } = await runGit(listed, { cwd: repoDir, ...options });
  return refs.every((ref) => stdout.includes(`\t${ref}\n`));
}

/** Remove what the probe made; returns a note for what would not go. */
async function sweep(
  url: string,
  repoDir: string,
  refs: readonly string[],
  options: AskOptions,
): Promise<string[]> {
  const listed = ["ls-remote", "--end-of-options", url, ...refs];
  try {
    const { stdout } = await runGit(listed, { cwd: repoDir, ...options });
    const left = refs.filter((ref) => stdout.includes(`\t${ref}\n`));
    if (left.length === 0) return [];
    const removals = left.map((ref) => `:${ref}`);
    await runGit(["push", "--quiet", url, ...removals], { cwd: repoDir, ...options });
    return [];
  } catch (error) {
    if (!isTownError(error)) throw error;
    return [`refs of the probe may be left at the remote (${refs.join(", ")}): ${error.message}`];
  }
}
