import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { TownError } from "#services/rpc/town-error.ts";
import { fetchAll, fetchRefspecs } from "./fetch-remote.ts";
import { inTurn } from "./in-turn.ts";
import { openRepository, townErrors } from "./open-repository.ts";
import { runGit } from "./run-git.ts";

/** Limits of making a clone. */
export type CloneOptions = {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
};

const cloneTimeoutMs = 600_000;

/**
 * Make sure that `dir` is our bare clone of a remote, and return it level with the remote.
 *
 * The branches of the remote are under `refs/remotes/origin/`, so the local ones are all ours. A
 * clone appears whole or not at all; one that is there already only gets what is missing.
 */
export async function ensureClone(
  remoteUrl: string,
  dir: string,
  options: CloneOptions = {},
): Promise<void> {
  const limits = { signal: options.signal, timeoutMs: options.timeoutMs ?? cloneTimeoutMs };
  // Whoever of this process needs it first makes it; the others wait, and find it there.
  const isNew = await inTurn(`${resolve(dir)} clone`, async () => {
    if (existsSync(dir)) return false;
    await makeClone(remoteUrl, dir, limits);
    return true;
  });
  if (isNew) return;
  await settle(remoteUrl, dir);
  await fetchAll({ repoDir: dir, ...limits });
}

async function makeClone(remoteUrl: string, dir: string, limits: CloneOptions): Promise<void> {
  const partial = `${dir}.partial-${process.pid}`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(dirname(dir), { recursive: true });
  try {
    await mkdir(partial);
    await townErrors(openRepository(partial).init(["--bare", "--quiet", "--initial-branch=main"]));
    await settle(remoteUrl, partial);
    await runGit(["fetch", "--quiet", "--no-tags", "origin"], { cwd: partial, ...limits });
    await rename(partial, dir);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Write the configuration that a clone of ours has; workers' own gits in it obey it too. */
async function settle(remoteUrl: string, dir: string): Promise<void> {
  // Asked for "." by name, since git would otherwise be content with a repository further up.
  const args = ["rev-parse", "--is-bare-repository", "--git-dir"];
  const { stdout } = await runGit(args, { cwd: dir, okCodes: [0, 128] });
  if (stdout !== "true\n.\n") {
    throw new TownError("exists", `${dir} is there and is no clone of ours: move it away`);
  }
  const git = openRepository(dir);
  const wanted: Record<string, string> = {
    "remote.origin.url": remoteUrl,
    "core.fsync": "all",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "core.logAllRefUpdates": "always",
  };
  const present = (await townErrors(git.listConfig("local"))).all;
  for (const [key, value] of Object.entries(wanted)) {
    if (present[key.toLowerCase()] !== value) await townErrors(git.addConfig(key, value));
  }
  const specs = [present["remote.origin.fetch"] ?? []].flat();
  for (const spec of fetchRefspecs) {
    if (!specs.includes(spec)) await townErrors(git.addConfig("remote.origin.fetch", spec, true));
  }
}
