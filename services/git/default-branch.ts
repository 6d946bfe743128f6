import { tmpdir } from "node:os";
import { TownError } from "#services/rpc/town-error.ts";
import { withoutSecrets } from "./git-failure.ts";
import { runGit } from "./run-git.ts";

/** How long a remote may take to answer. */
export type AskOptions = {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
};

/**
 * The branch that a remote calls its default, and where it stands.
 *
 * @throws TownError `state` for an empty repository, or one whose default branch is not clear
 */
export async function defaultBranch(
  url: string,
  options: AskOptions = {},
): Promise<{ branch: string; head: string }> {
  const args = ["ls-remote", "--symref", "--end-of-options", url, "HEAD", "refs/heads/*"];
  const { stdout } = await runGit(args, { cwd: tmpdir(), ...options });
  const heads = new Map<string, string>();
  let named: string | undefined;
  for (const line of stdout.split("\n")) {
    const symref = /^ref: refs\/heads\/(.+)\tHEAD$/.exec(line);
    const ref = /^([0-9a-f]+)\trefs\/heads\/(.+)$/.exec(line);
    if (symref) named = symref[1];
    if (ref?.[1] && ref[2]) heads.set(ref[2], ref[1]);
  }
  const only = heads.size === 1 ? [...heads.keys()][0] : undefined;
  for (const branch of [named, "main", "master", only]) {
    const head = branch === undefined ? undefined : heads.get(branch);
    if (branch !== undefined && head) return { branch, head };
  }
  const shown = withoutSecrets(url);
  throw new TownError(
    "state",
    heads.size === 0
      ? `${shown} has no commits yet: push a first commit to it (git push ${shown} main)`
      : `${shown} names no default branch and has none called main or master: set its HEAD`,
  );
}
