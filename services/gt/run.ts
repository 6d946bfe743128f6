import { Command, CommanderError } from "commander";
import { isTownError } from "#services/rpc/town-error.ts";
import { chapters } from "./chapters.ts";
import { exitCodes, failureOf, renderFailure, usageFailure } from "./failure.ts";
import { buildProgram } from "./program.ts";
import { type Globals, openSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";
import type { Act } from "./verb.ts";

/**
 * Run one `gt` call.
 *
 * @param args what follows `gt`
 * @param signal ends what would go on: a watch, a log that is followed
 * @returns the exit code
 */
export async function run(
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const act: Act =
    (verb) =>
    async (...rest) => {
      const globals = globalsOf(rest.at(-1));
      const leaveWith = (code: number) => {
        exitCode = code;
      };
      const session = openSession(globals, { terminal, signal, leaveWith });
      try {
        await verb(session, ...rest);
      } finally {
        session.close();
      }
    };
  const json = wantsJson(args);
  const program = buildProgram(chapters, act, {
    write: terminal.write,
    writeHelpError: (text) => json || terminal.writeError(text),
    columns: terminal.columns(),
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok;
    if (signal.aborted && isTownError(error, "cancelled")) return exitCodes.interrupted;
    if (terminal.env["GT_DEBUG"]) terminal.writeError(`${inspectable(error)}\n`);
    const failure =
      error instanceof CommanderError ? usageOf(error, args, program) : failureOf(error);
    terminal.writeError(renderFailure(failure, json));
    return failure.exitCode;
  }
}

/** Commander hands over the command itself last. A nearer option wins over one before the verb. */
function globalsOf(last: unknown): Globals {
  const chain: Command[] = [];
  for (let at = last instanceof Command ? last : null; at !== null; at = at.parent) chain.push(at);
  return Object.assign({}, ...chain.reverse().map((command) => command.opts()));
}

/** Commander's `error: unknown command 'lst'` and its suggestion, as what happened and a remedy. */
function usageOf(error: CommanderError, args: readonly string[], program: Command) {
  const help = `\`${helpFor(args, program)}\` shows how it is called`;
  if (error.code === "commander.help") return usageFailure("which verb?", help);
  const [message = "", suggestion] = error.message.replace(/^error: /, "").split("\n");
  const meant = /^\(Did you mean (.+)\?\)$/.exec(suggestion ?? "")?.[1];
  return usageFailure(message, meant === undefined ? help : `did you mean ${meant}? ${help}`);
}

function helpFor(args: readonly string[], program: Command): string {
  let command = program;
  const path = ["gt"];
  for (const arg of args) {
    const next = command.commands.find(
      (each) => each.name() === arg || each.aliases().includes(arg),
    );
    if (next === undefined) continue;
    path.push(arg);
    command = next;
    if (next.commands.length === 0) break;
  }
  return `${path.join(" ")} --help`;
}

/** Needed before the arguments are understood, since not understanding them is told in JSON too. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end < 0 ? args : args.slice(0, end)).includes("--json");
}

function inspectable(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
