import { TownError } from "#services/rpc/town-error.ts";
import { gitFailure, gitWords } from "./git-failure.ts";
import { signalGroup, startGit } from "./run-git.ts";

/** The beginning of what a git printed. */
export type Beginning = { readonly head: Buffer; readonly isCut: boolean };

/**
 * Run a local git for the first bytes of its output; it is ended once they are there.
 *
 * @throws TownError as `runGit` does, for what git says by its exit code
 */
export async function cutGit(
  args: readonly string[],
  { cwd, signal }: { readonly cwd: string; readonly signal?: AbortSignal | undefined },
  bytesMax: number,
): Promise<Beginning> {
  const child = startGit(args, { cwd });
  const stop = () => signalGroup(child, "SIGTERM");
  signal?.addEventListener("abort", stop, { once: true });
  const ended = new Promise<number>((resolve, reject) => {
    child.on("error", (cause) => {
      reject(new TownError("unavailable", `git cannot be started: ${cause.message}`, { cause }));
    });
    child.on("close", (code) => resolve(code ?? -1));
  });
  let [bytes, words, isCut] = [Buffer.alloc(0), "", false];
  child.stdout.on("data", (chunk: Buffer) => {
    if (isCut) return;
    bytes = Buffer.concat([bytes, chunk]);
    isCut = bytes.length > bytesMax;
    if (isCut) stop();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    words = `${words}${chunk.toString()}`.slice(-4_096);
  });
  child.stdin.on("error", () => {}); // It reads nothing, and may be gone already.
  child.stdin.end();
  try {
    const code = await ended;
    if (signal?.aborted) throw new TownError("cancelled", `git ${args[0]}: cancelled`);
    if (code !== 0 && !isCut) throw new TownError(gitFailure(words), `git: ${gitWords(words)}`);
    return { head: bytes.subarray(0, bytesMax), isCut };
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
