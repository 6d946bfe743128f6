import type { Person } from "#services/identity/person.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { commitTree } from "./commit-tree.ts";
import { isReachable, readRef } from "./fetch-remote.ts";
import { runGit } from "./run-git.ts";

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
}): Promise<Candidate> {
  const { repoDir, origin, author, committer } = wanted;
  const target = await resolveCommit(repoDir, wanted.target);
  const branch = await resolveCommit(repoDir, wanted.branch);
  if (await isReachable(repoDir, branch, target)) return { kind: "empty" };
  const merged = await mergeTrees(repoDir, target, branch);
  if (merged.kind === "conflict") return merged;
  const before = await runGit(["rev-parse", `${target}^{tree}`], { cwd: repoDir });
  if (before.stdout.trim() === merged.tree) return { kind: "empty" };
  const commit = await commitTree({
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

type Merged = { kind: "tree"; tree: string } | { kind: "conflict"; paths: string[] };

async function mergeTrees(repoDir: string, target: string, branch: string): Promise<Merged> {
  const args = ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", target, branch];
  const { code, stdout } = await runGit(args, { cwd: repoDir, okCodes: [0, 1] });
  const [tree = "", ...paths] = stdout.split("\0").filter((part) => part !== "");
  return code === 0 ? { kind: "tree", tree } : { kind: "conflict", paths };
}

async function resolveCommit(repoDir: string, name: string): Promise<string> {
  const commit = await readRef(repoDir, name);
  if (!commit) throw new TownError("not_found", `${repoDir} has no commit ${name}`);
  return commit;
}
