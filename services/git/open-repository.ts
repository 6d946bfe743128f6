import { GitError, type SimpleGit, simpleGit } from "simple-git";
import { TownError } from "#services/rpc/town-error.ts";
import { gitEnvironment, gitSettings, ownGitVariables } from "./git-environment.ts";
import { gitFailure, gitWords } from "./git-failure.ts";
import { countGitSpawn } from "./run-git.ts";

/** How a repository is opened. */
export type OpenOptions = {
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Silence after which a git is given up. */
  readonly timeoutMs?: number;
};

/**
 * simple-git on one folder, in the same scrubbed environment as `runGit`.
 *
 * For calls that are read by what they print (status, log, add, commit). Where the exit code is the
 * answer use `runGit`: simple-git takes a merge conflict, for one, for a success.
 */
export function openRepository(dir: string, options: OpenOptions = {}): SimpleGit {
  const env = options.env ?? {};
  return simpleGit({
    baseDir: dir,
    config: [...gitSettings],
    allowEnvironment: [...Object.keys(ownGitVariables), ...Object.keys(env)],
    timeout: { block: options.timeoutMs ?? 60_000 },
    // Ours are constants that switch these off; nothing a caller says reaches them.
    unsafe: { allowUnsafeHooksPath: true, allowUnsafeFsMonitor: true, allowUnsafeAskPass: true },
    ...(options.signal ? { abort: options.signal } : {}),
  })
    .env(gitEnvironment(env))
    .outputHandler(countGitSpawn);
}

/** Wait for a task of simple-git; what it throws becomes a TownError, as from `runGit`. */
export async function townErrors<T>(task: PromiseLike<T>): Promise<T> {
  try {
    return await task;
  } catch (cause) {
    if (!(cause instanceof GitError)) throw cause;
    throw new TownError(gitFailure(cause.message), `git: ${gitWords(cause.message)}`, { cause });
  }
}
