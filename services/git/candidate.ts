import type { Person } from "#services/identity/person.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { cliGit, type Git } from "./git.ts";

/** What became of merging a branch into a target. */
export type Candidate =
  | { readonly kind: "candidate"; readonly commit: string; readonly tree: string }
  | { readonly kind: "conflict"; readonly paths: string[] }
  /** The target has all of it already. */
  | { readonly kind: "empty" };

/** What a candidate commit carries about where it comes from. */
export type CandidateOrigin = {
  readonly request: string;
  readonly bead: string;
  readonly epoch: string;
  readonly worker: string;
};

/**
 * Build the commit that would land: the branch merged into the target, in no worktree at all.
 *
 * It is on no ref yet; the gates run on its tree, and exactly it is pushed.
 *
 * @param wanted.target commit or ref of this repository that the candidate goes on top of
 * @param wanted.branch commit or ref with the work
 * @param wanted.strategy `merge` keeps the branch's commits, `squash` makes one of them
 * @throws TownError `not_found` for an unknown target or branch, `invalid` for unrelated histories
 */
export async function buildCandidate(wanted: {
  readonly repoDir: string;
  readonly target: string;
  readonly branch: string;
  readonly message: string;
  readonly origin: CandidateOrigin;
  /** The worker. */
  readonly author: Person;
  /** The Refinery. */
  readonly committer: Person;
  readonly strategy: "merge" | "squash";
  readonly git?: Git | undefined;
}): Promise<Candidate> {
  const { repoDir, origin, author, committer, git = cliGit } = wanted;
  const target = await resolveCommit(git, repoDir, wanted.target);
  const branch = await resolveCommit(git, repoDir, wanted.branch);
  if (await git.isReachable(repoDir, branch, target)) return { kind: "empty" };
  const merged = await git.mergeTrees(repoDir, target, branch);
  if (merged.kind === "conflict") return merged;
  if ((await git.treeOf(repoDir, target)) === merged.tree) return { kind: "empty" };
  const commit = await git.commitTree({
    repoDir,
    tree: merged.tree,
    parents: wanted.strategy === "merge" ? [target, branch] : [target],
    message: wanted.message,
    trailers: {
      "Gastown-Request": origin.request,
      "Gastown-Bead": origin.bead,
      "Gastown-Epoch": origin.epoch,
      "Gastown-Worker": origin.worker,
    },
    author,
    committer,
  });
  return { kind: "candidate", commit, tree: merged.tree };
}

async function resolveCommit(git: Git, repoDir: string, name: string): Promise<string> {
  const commit = await git.readRef(repoDir, name);
  if (!commit) throw new TownError("not_found", `${repoDir} has no commit ${name}`);
  return commit;
}
