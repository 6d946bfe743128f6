import { type SimpleGit, simpleGit } from "simple-git";
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
    errors: (error, { exitCode, stdErr }) => {
      if (exitCode === 0) return undefined;
      const said = Buffer.concat(stdErr).toString("utf8");
      const words = gitWords(said) || error?.toString() || `exit code ${exitCode}`;
      return new TownError(gitFailure(said), `git in ${dir}: ${words}`);
    },
    ...(options.signal ? { abort: options.signal } : {}),
  })
    .env(gitEnvironment(env))
    .outputHandler(countGitSpawn);
}
