import { Argument, InvalidArgumentError } from "commander";
import { AgentService, ExitKind } from "#proto/gastown/v1/agent_service_pb.ts";
import { oneLine } from "./one-line.ts";
import type { Session } from "./session.ts";
import { collect, type Declare, example } from "./verb.ts";

type Options = {
  readonly summary?: string;
  readonly blocker?: string;
  readonly part?: string[];
};

const kinds = {
  completed: ExitKind.COMPLETED,
  blocked: ExitKind.BLOCKED,
  refactor: ExitKind.REFACTOR,
  escalate: ExitKind.ESCALATE,
} as const;

/** Declare `gt exit`. */
export const declare: Declare = (command, act) => {
  const kind = new Argument("[kind]", "completed (default), blocked, refactor or escalate");
  command
    .addArgument(kind.argParser(exitKind).default(ExitKind.COMPLETED, "completed"))
    .option("--summary <text>", "what was done, or why it cannot go on")
    .option("--blocker <bead>", "blocked: the bead it waits for, or what to file as one")
    .option("--part <title>", "refactor: the title of a part; may be repeated", collect)
    .addHelpText(
      "after",
      example(
        'gt exit completed --summary "greets by name"',
        'gt exit blocked --blocker beta-7x2m --summary "needs the new parser"',
      ),
    )
    .action(act(exit));
};

async function exit(gt: Session, kind: ExitKind, options: Options): Promise<void> {
  const { summary = "", blocker = "", part: parts = [] } = options;
  const request = { requestId: gt.requestId, kind, summary, blocker, parts };
  await gt.tell(AgentService.method.exit, request, ({ bead, status }) =>
    oneLine(`${bead} is ${status}; now \`gt shutdown\``),
  );
}

function exitKind(text: string): ExitKind {
  const kind = kinds[text.toLowerCase() as keyof typeof kinds];
  if (kind !== undefined) return kind;
  throw new InvalidArgumentError(`Allowed choices are ${Object.keys(kinds).join(", ")}.`);
}
