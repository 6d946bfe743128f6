import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { TownError } from "#services/rpc/town-error.ts";
import { gitEnvironment, gitSettings } from "./git-environment.ts";
import { gitAdvice, gitFailure, gitWords, withoutSecrets } from "./git-failure.ts";

/** How one git is run. */
export type GitRun = {
  readonly cwd: string;
  /** Exit codes that are an answer, not a failure; 0 alone by default. */
  readonly okCodes?: readonly number[];
  readonly input?: string | Uint8Array;
  /** Added to the scrubbed environment; the only way to set a `GIT_*`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly outputMaxBytes?: number;
};

/** What one git answered. */
export type GitAnswer<Output = string> = {
  readonly code: number;
  readonly stdout: Output;
  readonly stderr: string;
};

const outputMaxBytesDefault = 64 * 1024 * 1024;
const stderrMaxBytes = 64 * 1024;
const timeoutMsDefault = 60_000;
/** Git removes its lock files on SIGTERM, so it gets this long before SIGKILL. */
const killGraceMs = 1_000;

let spawns = 0;

/** How many git processes this process has started, for metrics. */
export function gitSpawns(): number {
  return spawns;
}

/** Count a git that was started by a library. */
export function countGitSpawn(): void {
  spawns += 1;
}

/**
 * Run git once and wait for it, where the exit code is the answer.
 *
 * @throws TownError `unavailable` (remote unreachable, timeout, lock held), `stale` (a push that is
 *   no fast-forward, a lease that is broken), `denied` (credentials, hooks, protection),
 *   `not_found` (no such repository or ref), `exhausted` (disk or output full), `cancelled`
 *   (the signal), `invalid` for the rest; their cause has git's own words alone
 */
export async function runGit(args: readonly string[], run: GitRun): Promise<GitAnswer> {
  const answer = await runGitBytes(args, run);
  return { ...answer, stdout: answer.stdout.toString("utf8") };
}

/** The same as `runGit`, with stdout as bytes. */
export async function runGitBytes(
  args: readonly string[],
  run: GitRun,
): Promise<GitAnswer<Buffer>> {
  const shown = withoutSecrets(`git ${args.join(" ")}`).slice(0, 300);
  if (run.signal?.aborted) throw new TownError("cancelled", `${shown}: cancelled before it began`);
  if (!existsSync(run.cwd)) throw new TownError("not_found", `${shown}: no folder ${run.cwd}`);
  const ended = await collect(args, run);
  const said = ended.stderr;
  switch (ended.cut) {
    case "timeout": {
      const timeoutMs = run.timeoutMs ?? timeoutMsDefault;
      const silence = `no answer within ${timeoutMs} ms; it was stopped`;
      const told = `${shown}: ${silence}. ${gitWords(said)}`.trimEnd();
      throw new TownError("unavailable", told, {
        cause: new Error(`no answer within ${timeoutMs / 1_000} s`),
      });
    }
    case "abort":
      throw new TownError("cancelled", `${shown}: cancelled`);
    case "overflow":
      throw new TownError("exhausted", `${shown}: more output than is accepted`);
    case undefined:
      break;
  }
  if ((run.okCodes ?? [0]).includes(ended.code)) {
    return { code: ended.code, stdout: ended.stdout, stderr: said };
  }
  const reason = gitFailure(said);
  const advice = gitAdvice(reason);
  const words = gitWords(said) || `exit code ${ended.code}`;
  const told = `${shown} (in ${run.cwd}): ${words}${advice && `; ${advice}`}`;
  throw new TownError(reason, told, { cause: new Error(words) });
}

/** Start a git that the caller reads, feeds and ends; for what is one answer there is `runGit`. */
export function startGit(
  args: readonly string[],
  { cwd, env }: Pick<GitRun, "cwd" | "env">,
): ChildProcessWithoutNullStreams {
  const settings = gitSettings.flatMap((setting) => ["-c", setting]);
  spawns += 1;
  // Its own process group, so that ssh and remote helpers end with it.
  return spawn("git", [...settings, ...args], {
    cwd,
    env: gitEnvironment(env),
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
}

type Cut = "timeout" | "abort" | "overflow";
type Ended = { code: number; stdout: Buffer; stderr: string; cut: Cut | undefined };

function collect(args: readonly string[], run: GitRun): Promise<Ended> {
  const child = startGit(args, run);
  return new Promise((resolve, reject) => {
    const output = new Output(run.outputMaxBytes ?? outputMaxBytesDefault);
    let cut: Cut | undefined;
    let killer: NodeJS.Timeout | undefined;
    const stop = (why: Cut) => {
      if (cut) return;
      cut = why;
      signalGroup(child, "SIGTERM");
      killer = setTimeout(() => signalGroup(child, "SIGKILL"), killGraceMs);
    };
    const timer = setTimeout(() => stop("timeout"), run.timeoutMs ?? timeoutMsDefault);
    const onAbort = () => stop("abort");
    run.signal?.addEventListener("abort", onAbort, { once: true });
    const release = () => {
      clearTimeout(timer);
      clearTimeout(killer);
      run.signal?.removeEventListener("abort", onAbort);
    };
    child.stdout.on("data", (chunk: Buffer) => {
      if (!output.take(chunk)) stop("overflow");
    });
    child.stderr.on("data", (chunk: Buffer) => output.hear(chunk));
    child.stdin.on("error", () => {}); // Git may end before it has read all; its exit code tells.
    child.stdin.end(run.input ?? "");
    child.on("error", (cause) => {
      release();
      reject(new TownError("unavailable", `git cannot be started: ${cause.message}`, { cause }));
    });
    child.on("close", (code) => {
      release();
      // A helper that left the pipes but stayed alive is ended too.
      if (cut) signalGroup(child, "SIGKILL");
      resolve({ code: code ?? -1, stdout: output.bytes(), stderr: output.words(), cut });
    });
  });
}

/** What a child wrote: all of stdout up to a limit, the end of stderr. */
class Output {
  readonly #limitBytes: number;
  #chunks: Buffer[] = [];
  #size = 0;
  #heard = Buffer.alloc(0);

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  take(chunk: Buffer): boolean {
    this.#size += chunk.length;
    if (this.#size > this.#limitBytes) return false;
    this.#chunks.push(chunk);
    return true;
  }

  hear(chunk: Buffer): void {
    this.#heard = Buffer.concat([this.#heard, chunk]).subarray(-stderrMaxBytes);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  words(): string {
    return this.#heard.toString("utf8");
  }
}

/** Signal a git and all that it started; one that is gone already is fine. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // ESRCH: already gone.
  }
}
