import { spawn } from "node:child_process";
import { once } from "node:events";

/** How a command ended. */
export type Ended = {
  /** Undefined where a signal ended it, or it could not be started. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** The end of what it printed on either, in order. */
  readonly tail: string;
  readonly timedOut: boolean;
};

const tailBytes = 16 * 1024;
const pipesOpenMs = 1_000;
const timeoutMsMax = 2 ** 31 - 1;
const stdoutMaxBytes = 64 * 1024 * 1024;

/**
 * Run a program and wait for it.
 *
 * It stays in our process group, so that whoever ends this session ends it too.
 *
 * @param run.echo gets what it prints as it comes
 */
export async function runCommand(
  argv: readonly [string, ...string[]],
  run: {
    readonly cwd: string;
    readonly env: NodeJS.ProcessEnv;
    readonly signal: AbortSignal;
    readonly timeoutMs?: number;
    readonly echo?: (chunk: Buffer) => void;
  },
): Promise<Ended> {
  const [program, ...args] = argv;
  const child = spawn(program, args, {
    cwd: run.cwd,
    env: run.env,
    stdio: ["ignore", "pipe", "pipe"],
    signal: run.signal,
  });
  const out: Buffer[] = [];
  const errors: Buffer[] = [];
  let sizeBytes = 0;
  let tail = Buffer.alloc(0);
  const hear = (kept: Buffer[]) => (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-tailBytes);
    sizeBytes += chunk.length;
    if (sizeBytes <= stdoutMaxBytes) kept.push(chunk);
    run.echo?.(chunk);
  };
  child.stdout.on("data", hear(out));
  child.stderr.on("data", hear(errors));
  // What it left running in the background may hold the pipes for ever.
  child.once("exit", () => {
    setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    }, pipesOpenMs).unref();
  });
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, run.timeoutMs ?? timeoutMsMax);
  try {
    const [code] = (await once(child, "close")) as [number | null];
    return {
      code: code ?? undefined,
      stdout: Buffer.concat(out).toString("utf8"),
      stderr: Buffer.concat(errors).toString("utf8"),
      tail: tail.toString("utf8").trimEnd(),
      timedOut,
    };
  } catch (error) {
    run.signal.throwIfAborted();
    const message = error instanceof Error ? error.message : String(error);
    return { code: undefined, stdout: "", stderr: message, tail: message, timedOut };
  } finally {
    clearTimeout(timer);
  }
}
