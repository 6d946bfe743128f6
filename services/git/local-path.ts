import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { TownError } from "#services/rpc/town-error.ts";
import { type AskOptions, defaultBranch } from "./default-branch.ts";
import { openRepository, townErrors } from "./open-repository.ts";
import { runGit } from "./run-git.ts";

/** What a rig's work is pushed to. */
export type RigRemote = {
  /** URL or absolute path, for `ensureClone`. */
  readonly remote: string;
  readonly branch: string;
  /** `in-place`: a person's own tree, which follows each landing as long as it is clean. */
  readonly kind: "url" | "origin" | "bare" | "in-place";
  /** What was configured, in words for the person who owns the repository. */
  readonly setup: string[];
};

/**
 * Find what `rig add <path or URL>` is to push to, and prepare it.
 *
 * A URL is used as it is; a clone with an `origin` by that; a bare repository as it is. A
 * repository of a person's own without an `origin` is set to update its tree at each landing.
 *
 * @param from the folder that a relative path starts at
 * @throws TownError `not_found` for no repository, `state` for a tree that is not clean, on no
 *   branch or without commits, saying what to do
 */
export async function resolveRemote(
  pathOrUrl: string,
  from: string = process.cwd(),
  options: AskOptions = {},
): Promise<RigRemote> {
  const path = resolve(from, pathOrUrl);
  if (!existsSync(path)) {
    if (!isUrl(pathOrUrl)) throw new TownError("not_found", `there is no folder ${path}`);
    const { branch } = await defaultBranch(pathOrUrl, options);
    return { remote: pathOrUrl, branch, kind: "url", setup: [] };
  }
  if (await isBare(path)) {
    const { branch } = await defaultBranch(path, options);
    return { remote: path, branch, kind: "bare", setup: [] };
  }
  const root = (await runGit(["rev-parse", "--show-toplevel"], { cwd: path })).stdout.trim();
  const origin = await runGit(["remote", "get-url", "origin"], { cwd: root, okCodes: [0, 2, 128] });
  if (origin.code === 0) {
    const url = origin.stdout.trim();
    const remote = isUrl(url) ? url : resolve(root, url);
    const { branch } = await defaultBranch(remote, options);
    return { remote, branch, kind: "origin", setup: [] };
  }
  const branch = await checkTree(root);
  return { remote: root, branch, kind: "in-place", setup: await updateInPlace(root) };
}

/** Whether a text names a remote elsewhere: `https://…`, `ssh://…`, `git@host:path`. */
export function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) || /^[^/\s]+:(?!\/\/)./.test(text);
}

async function isBare(path: string): Promise<boolean> {
  const args = ["rev-parse", "--is-bare-repository"];
  const { stdout, code } = await runGit(args, { cwd: path, okCodes: [0, 128] });
  if (code === 0) return stdout.trim() === "true";
  throw new TownError("not_found", `${path} is no git repository: run git init there, and commit`);
}

/** The branch of a tree that landings can move; refuses one where they would disturb a person. */
async function checkTree(root: string): Promise<string> {
  const named = await runGit(["symbolic-ref", "--quiet", "--short", "HEAD"], {
    cwd: root,
    okCodes: [0, 1],
  });
  if (named.code !== 0) {
    throw new TownError("state", `${root} is on no branch: check one out (git switch main)`);
  }
  const head = ["rev-parse", "--verify", "--quiet", "HEAD"];
  if ((await runGit(head, { cwd: root, okCodes: [0, 1] })).code !== 0) {
    throw new TownError("state", `${root} has no commits yet: make a first one (git commit)`);
  }
  // Untracked files are no hindrance: git refuses a landing that would overwrite one.
  const status = await townErrors(openRepository(root).status(["--untracked-files=no"]));
  const paths = status.files.map((file) => file.path);
  if (paths.length > 0) {
    const shown = paths.slice(0, 5).join(", ") + (paths.length > 5 ? ", …" : "");
    const changes = paths.length === 1 ? "change" : "changes";
    const why = `${root} has ${paths.length} uncommitted ${changes} (${shown})`;
    throw new TownError("state", `${why}: commit or stash them, then add the rig again`);
  }
  return named.stdout.trim();
}

async function updateInPlace(root: string): Promise<string[]> {
  const git = openRepository(root);
  const key = "receive.denyCurrentBranch";
  const { value } = await townErrors(git.getConfig(key, "local"));
  if (value?.toLowerCase() === "updateinstead") return [];
  await townErrors(git.addConfig(key, "updateInstead"));
  return [`${root} follows each landing by itself, while nothing is uncommitted there`];
}
