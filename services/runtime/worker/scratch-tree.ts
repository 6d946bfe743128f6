import { join } from "node:path";
import { runGit } from "#services/git/run-git.ts";
import { type Files, scratchRemote } from "#services/git/scratch-remote.ts";
import { addWorktree } from "#services/git/worktree.ts";

/** A polecat's worktree of a real clone, for tests. */
export type ScratchTree = AsyncDisposable & {
  /** Holds everything of this test. */
  readonly dir: string;
  readonly worktree: string;
  readonly git: (...args: string[]) => Promise<string>;
};

/** The patch that these tests apply: one file changed, one added. */
export const scratchPatch = `diff --git a/greet.txt b/greet.txt
--- a/greet.txt
+++ b/greet.txt
@@ -1,3 +1,3 @@
 one
-hello
+hello, you
 three
diff --git a/new.txt b/new.txt
new file mode 100644
--- /dev/null
+++ b/new.txt
@@ -0,0 +1 @@
+new
`;

/** Make one whose `main` holds these files; it goes with its scope. */
export async function scratchTree(
  files: Files = { "greet.txt": "one\nhello\nthree\n" },
): Promise<ScratchTree> {
  const remote = await scratchRemote();
  await remote.commit(files);
  const repoDir = await remote.clone("repo.git");
  const worktree = join(remote.dir, "nux");
  const branch = "polecat/alpha-1/1.1";
  await addWorktree({ repoDir, path: worktree, branch, startPoint: "origin/main" });
  return {
    dir: remote.dir,
    worktree,
    git: async (...args) => (await runGit(args, { cwd: worktree })).stdout.trim(),
    [Symbol.asyncDispose]: () => remote[Symbol.asyncDispose](),
  };
}
