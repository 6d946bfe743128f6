import type { Person } from "#services/identity/person.ts";
import { runGit } from "./run-git.ts";
import { type Trailers, withTrailers } from "./trailers.ts";

/** Make a commit of a tree without touching any index, worktree or ref; returns its id. */
export async function commitTree(wanted: {
  readonly repoDir: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly message: string;
  readonly trailers: Trailers;
  readonly author: Person;
  readonly committer: Person;
}): Promise<string> {
  const { repoDir, tree, parents, author, committer } = wanted;
  const from = parents.flatMap((parent) => ["-p", parent]);
  const { stdout } = await runGit(["commit-tree", tree, ...from, "-F", "-"], {
    cwd: repoDir,
    input: withTrailers(wanted.message, wanted.trailers),
    env: {
      GIT_AUTHOR_NAME: author.name,
      GIT_AUTHOR_EMAIL: author.email,
      GIT_COMMITTER_NAME: committer.name,
      GIT_COMMITTER_EMAIL: committer.email,
    },
  });
  return stdout.trim();
}

/** The id of the tree without files, written if it was not there. */
export async function emptyTree(repoDir: string): Promise<string> {
  return (await runGit(["mktree"], { cwd: repoDir, input: "" })).stdout.trim();
}
