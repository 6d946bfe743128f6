import { commitTree } from "#services/git/commit-tree.ts";
import { refPart } from "#services/git/ref-part.ts";
import { snapshotTree } from "#services/git/snapshot-tree.ts";
import { type Bench, git } from "./bench.ts";

/**
 * Bring the worktree back to its head, so that what was interrupted can be done from the start.
 *
 * What was uncommitted stays in this clone under `refs/gastown/interrupted`, for whoever wants to
 * look at it.
 */
export async function startOver(bench: Bench, why: string): Promise<void> {
  const { worktree, assignment, epoch, author } = bench;
  const head = (await git(bench, ["rev-parse", "HEAD"])).stdout.trim();
  const kept = await commitTree({
    repoDir: worktree,
    tree: await snapshotTree(worktree),
    parents: [head],
    message: `Interrupted: ${why}`,
    trailers: { "Gastown-Bead": assignment.bead },
    author,
    committer: author,
  });
  const ref = `refs/gastown/interrupted/${refPart(assignment.bead)}/${refPart(epoch)}`;
  await git(bench, ["update-ref", ref, kept]);
  await git(bench, ["reset", "--quiet", "--hard", "HEAD"]);
  await git(bench, ["clean", "--quiet", "-f", "-d"]);
}
