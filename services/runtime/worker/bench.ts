import type { GitAnswer, GitRun } from "#services/git/run-git.ts";
import { runGit } from "#services/git/run-git.ts";
import type { Person } from "#services/identity/person.ts";
import { agentPerson } from "#services/identity/person.ts";
import type { Assignment } from "./assignment.ts";

/** Where a worker works, and with what. */
export type Bench = {
  readonly assignment: Assignment;
  readonly worktree: string;
  /** Its attempt, with the respawn number. */
  readonly epoch: string;
  readonly author: Person;
  readonly signal: AbortSignal;
  /** One line for the session's output. */
  readonly say: (line: string) => void;
  /** What a command prints, as it comes. */
  readonly echo: (chunk: Buffer) => void;
};

const gitTimeoutMs = 300_000;

/** Run git in the worktree. */
export function git(
  { worktree, signal }: Bench,
  args: readonly string[],
  run: Partial<GitRun> = {},
): Promise<GitAnswer> {
  return runGit(args, { cwd: worktree, signal, timeoutMs: gitTimeoutMs, ...run });
}

/** Who commits in this worktree, as git reads it. */
export function authorVariables({ author }: Pick<Bench, "author">): Record<string, string> {
  return {
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_COMMITTER_NAME: author.name,
    GIT_COMMITTER_EMAIL: author.email,
  };
}

/** Set a bench up for an agent. */
export function setUpBench(wanted: Omit<Bench, "author"> & { readonly agent: string }): Bench {
  const { agent, ...bench } = wanted;
  return { ...bench, author: agentPerson(agent) };
}

/** Whether the worktree has changes that no commit has. */
export async function isDirty(bench: Bench): Promise<boolean> {
  return (await git(bench, ["status", "--porcelain"])).stdout.trim() !== "";
}

/** Commits of the work's own, the newest first: what no branch of the remote but polecats' has. */
export async function ownCommits(bench: Bench): Promise<string[]> {
  const others = ["--not", "--exclude=origin/polecat/*", "--remotes"];
  const { stdout } = await git(bench, ["rev-list", "HEAD", ...others]);
  return stdout.split("\n").filter((line) => line !== "");
}
