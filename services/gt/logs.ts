import { AgentService } from "#proto/gastown/v1/agent_service_pb.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import { oneLine } from "./one-line.ts";
import { count } from "./options.ts";
import type { Session } from "./session.ts";
import { type Declare, example } from "./verb.ts";

type Options = { readonly follow?: boolean; readonly lines: number };

/** Declare `gt logs`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<agent>", "an agent's name, or a bead's id")
    .option("-f, --follow", "stay for what comes, until Ctrl-C")
    .option("-n, --lines <count>", "how many retained lines to begin with", count, 100)
    .addHelpText("after", example("gt logs alpha-k3f9 -f"))
    .action(act(logs));
};

async function logs(gt: Session, name: string, options: Options): Promise<void> {
  const { method } = AgentService;
  const request = { name, lines: options.lines, follow: options.follow === true };
  try {
    for await (const piece of gt.stream(method.followLogs, request)) {
      await gt.print(method.followLogs.output, piece, ({ lines }) => lines.map(oneLine).join("\n"));
    }
  } catch (error) {
    if (!(gt.signal.aborted && isTownError(error, "cancelled"))) throw error;
  }
}
