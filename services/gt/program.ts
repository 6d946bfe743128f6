import { Command, InvalidArgumentError, Option } from "commander";
import type { Act, Chapter, Verb, VerbGroup } from "./verb.ts";

/** Where the program's own texts go: help, and what commander says of bad usage. */
export type ProgramOutput = {
  readonly write: (text: string) => void;
  /** Help that is shown because no verb was given; what went wrong is told elsewhere. */
  readonly writeHelpError: (text: string) => void;
  readonly columns: number;
};

/**
 * The commands of `gt`, with names and summaries only; a verb's arguments are declared by its file,
 * which is loaded when the verb is called or its help is asked for.
 */
export function buildProgram(
  chapters: readonly Chapter[],
  act: Act,
  { write, writeHelpError, columns }: ProgramOutput,
): Command {
  const program = new Command("gt")
    .description("Gas Town: file work, have it done by agents on many machines, see it land.")
    .usage("<verb> [options]")
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: write,
      writeErr: writeHelpError,
      outputError: () => undefined,
      getOutHelpWidth: () => Math.min(columns, 100),
      getErrHelpWidth: () => Math.min(columns, 100),
    })
    .configureHelp({ subcommandTerm: (command) => term(command) })
    .helpCommand(false);
  addGlobalOptions(program, true);
  loadOnCall(program);
  for (const { title, verbs } of chapters) {
    program.commandsGroup(`${title}:`);
    for (const verb of verbs) addVerb(program, verb, act);
  }
  program.addHelpText("after", footer);
  return program;
}

const footer = `
Every verb takes --json, --town, --home, --wait and --help, which says more and gives an example.
Ends with 0 ok, 1 refused, 2 usage, 3 unreachable, 4 internal.`;

const loaders = new WeakMap<Command, () => Promise<void>>();

/** The arguments of a verb are known only once its file is loaded: just before it is parsed. */
function loadOnCall(parent: Command): void {
  parent.hook("preSubcommand", async (_, command) => {
    await loaders.get(command)?.();
  });
}

function addVerb(parent: Command, verb: Verb | VerbGroup, act: Act): void {
  const isDefault = "isDefault" in verb && verb.isDefault === true;
  const command = parent.command(verb.name, { isDefault }).summary(verb.summary);
  command.description(sentence(verb.summary));
  if ("verbs" in verb) {
    command.helpCommand(false).enablePositionalOptions();
    addGlobalOptions(command, true);
    loadOnCall(command);
    if (verb.help !== undefined) command.addHelpText("after", verb.help);
    for (const each of verb.verbs) addVerb(command, each, act);
    return;
  }
  for (const alias of verb.aliases ?? []) command.alias(alias);
  loaders.set(command, async () => {
    const { declare } = await verb.load();
    declare(command, act);
    addGlobalOptions(command, false);
    if (verb.changes) {
      command.option("--request-id <id>", "the same id is done once, however often it is sent");
    }
  });
}

/** They stand in the help of each verb; above, they would push the verbs out of sight. */
function addGlobalOptions(command: Command, isHidden: boolean): void {
  const options = [
    new Option("--json", "answer, and fail, in JSON"),
    new Option("--town <address>", "the town's host:port or unix:/path"),
    new Option("--home <folder>", "the folder of a town on this machine"),
    new Option("--wait <seconds>", "go on asking this long while nobody answers"),
  ];
  options.at(-1)?.argParser(seconds);
  command.optionsGroup("For every verb:");
  // A verb may mean something of its own by a name, such as `--wait` without a number.
  const taken = new Set(command.options.map(({ long }) => long));
  for (const option of options) {
    if (!taken.has(option.long)) command.addOption(option.hideHelp(isHidden));
  }
  const help = new Option("-h, --help", "this help");
  command.addHelpOption(help.hideHelp(isHidden));
}

function term(command: Command): string {
  const aliases = command.aliases().map((alias) => `, ${alias}`);
  const inner = command.commands.map((each) => each.name());
  const tail = inner.length > 0 ? ` ${inner.join("|")}` : "";
  return `${command.name()}${aliases.join("")}${tail}`;
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError("It must be a number of seconds.");
}
