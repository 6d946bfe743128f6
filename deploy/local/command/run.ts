import { type Command, CommanderError } from "commander";
import {
  exitCodes,
  type Failure,
  failureOf,
  renderFailure,
  usageFailure,
} from "#services/gt/failure.ts";

/** What a command of deploy/local runs with. */
export type CommandPorts = {
  /** Raised by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  readonly write: (text: string) => void;
  readonly say: (line: string) => void;
};

/**
 * Read the arguments and act; set the exit code that the action returns, or the one that its
 * failure stands for. A bad argument is 2, as everywhere in `gt`.
 */
export async function runCommand<Options extends object>(
  program: Command,
  args: readonly string[],
  act: (options: Options, ports: CommandPorts) => Promise<number>,
): Promise<void> {
  const json = args.includes("--json");
  const stop = new AbortController();
  // Once is enough: what is being ended meanwhile must not be left half done by a second one.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => stop.abort(new Error(`${signal} came`)));
  }
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error; // `… | head` is no failure.
  });
  const ports: CommandPorts = {
    signal: stop.signal,
    write: (text) => void process.stdout.write(text),
    say: (line) => void process.stderr.write(`${line}\n`),
  };
  program
    .exitOverride()
    .allowExcessArguments(false)
    .configureOutput({ outputError: () => undefined });
  // Timers of ours that do not keep a process alive may be all that is waited for.
  const alive = setInterval(() => {}, 1_000_000);
  try {
    program.parse([...args], { from: "user" });
    process.exitCode = await act(program.opts<Options>(), ports);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    if (stop.signal.aborted) {
      process.exitCode = interrupted;
      return;
    }
    if (process.env["GT_DEBUG"] && error instanceof Error) ports.say(error.stack ?? "");
    const failure = explain(error, program.name());
    process.stderr.write(renderFailure(failure, json));
    process.exitCode = failure.exitCode;
  } finally {
    clearInterval(alive);
  }
}

/** What a shell expects of a process that Ctrl-C ended. */
const interrupted = 130;

function explain(error: unknown, name: string): Failure {
  if (error instanceof CommanderError) {
    const [message = ""] = error.message.replace(/^error: /, "").split("\n");
    return usageFailure(message, `\`--help\` shows how ${name} is called`);
  }
  const { remedy: _, ...failure } = failureOf(error);
  // That nobody answers is told by `gt` with the advice to start a town; here that is what failed.
  return failure.exitCode === exitCodes.internal ? failureOf(error) : failure;
}
