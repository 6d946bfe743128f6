import { runGit } from "./run-git.ts";

/** Two commits' trees as one, or the paths that both changed. */
export type Merged =
  | { readonly kind: "tree"; readonly tree: string }
  | { readonly kind: "conflict"; readonly paths: string[] };

/**
 * Merge a branch into a target, in no worktree at all.
 *
 * @throws TownError `invalid` for unrelated histories
 */
export async function mergeTrees(repoDir: string, target: string, branch: string): Promise<Merged> {
  const args = ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", target, branch];
  const { code, stdout } = await runGit(args, { cwd: repoDir, okCodes: [0, 1] });
  const [tree = "", ...paths] = stdout.split("\0").filter((part) => part !== "");
  return code === 0 ? { kind: "tree", tree } : { kind: "conflict", paths };
}
