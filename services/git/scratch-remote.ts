import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ensureClone } from "./bare-clone.ts";
import { runGit } from "./run-git.ts";

/** A real bare remote in a temp folder, for tests. */
export type ScratchRemote = AsyncDisposable & {
  readonly dir: string;
  readonly remote: string;
  /** A clone of ours, as a machine has it. */
  readonly clone: (name: string) => Promise<string>;
  /** Commit files on a branch of the remote as a person would, and return the commit. */
  readonly commit: (files: Files, branch?: string, from?: string) => Promise<string>;
  /** Where a ref of the remote stands. */
  readonly ref: (name: string) => Promise<string | undefined>;
};

/** Paths and their new content. */
export type Files = Readonly<Record<string, string>>;

/** An identity for commits in tests. */
export const somebody: Readonly<Record<string, string>> = {
  GIT_AUTHOR_NAME: "Some Body",
  GIT_AUTHOR_EMAIL: "some@body.invalid",
  GIT_COMMITTER_NAME: "Some Body",
  GIT_COMMITTER_EMAIL: "some@body.invalid",
};

/** Make a remote with one commit on `main` (`README.md`); it goes with its scope. */
export async function scratchRemote(): Promise<ScratchRemote> {
  const dir = await mkdtemp(join(tmpdir(), "gt-git-"));
  const remote = join(dir, "remote.git");
  const human = join(dir, "human");
  await runGit(["init", "--quiet", "--bare", "--initial-branch=main", remote], { cwd: dir });
  await runGit(["init", "--quiet", "--initial-branch=main", human], { cwd: dir });
  await runGit(["remote", "add", "origin", remote], { cwd: human });

  const commit = async (files: Files, branch = "main", from = branch): Promise<string> => {
    await runGit(["fetch", "--quiet", "--prune", "origin"], { cwd: human });
    const begin = await runGit(["checkout", "--quiet", "-f", "--detach", `origin/${from}`], {
      cwd: human,
      okCodes: [0, 1, 128],
    });
    await commitFiles(human, files, begin.code === 0 ? `work on ${branch}` : "begin");
    await runGit(["push", "--quiet", "origin", `HEAD:refs/heads/${branch}`], { cwd: human });
    return (await runGit(["rev-parse", "HEAD"], { cwd: human })).stdout.trim();
  };
  await commit({ "README.md": "# scratch\n" });
  return {
    dir,
    remote,
    commit,
    clone: async (name) => {
      const path = join(dir, name);
      await ensureClone(remote, path);
      return path;
    },
    ref: async (name) => {
      const args = ["rev-parse", "--verify", "--quiet", name];
      return (await runGit(args, { cwd: remote, okCodes: [0, 1] })).stdout.trim() || undefined;
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

/** Write files into a worktree and commit everything there. */
export async function commitFiles(path: string, files: Files, message: string): Promise<string> {
  await writeFiles(path, files);
  await runGit(["add", "-A"], { cwd: path });
  const args = ["commit", "--quiet", "--allow-empty", "-m", message];
  await runGit(args, { cwd: path, env: somebody });
  return (await runGit(["rev-parse", "HEAD"], { cwd: path })).stdout.trim();
}

/** Write files below a folder. */
export async function writeFiles(dir: string, files: Files): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), text);
  }
}
