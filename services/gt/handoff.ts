import { AgentService } from "#proto/gastown/v1/agent_service_pb.ts";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { nonEmpty } from "./find-town.ts";
import { oneLine } from "./one-line.ts";
import type { Session } from "./session.ts";
import { UsageError } from "./usage-error.ts";
import { type Declare, example } from "./verb.ts";

type Options = { readonly to?: string; readonly message?: string };

/** Declare `gt handoff`. */
export const declare: Declare = (command, act) => {
  command
    .argument("[id]", "the bead that another machine shall go on with")
    .option("--to <machine>", "which one; any other that may if absent")
    .option("-m, --message <text>", "without a bead: what your next session is told")
    .addHelpText(
      "after",
      [
        "",
        "With a bead: its worker is ended, all that its worktree holds is pushed, and a worker on",
        "the other machine goes on at the same step. Alone, inside a polecat: you go on in a fresh",
        "session, with the same hook, worktree and claim.",
        "",
      ].join("\n"),
    )
    .addHelpText(
      "after",
      example("gt handoff alpha-k3f9 --to vm-b", 'gt handoff -m "parser done, tests are next"'),
    )
    .action(act(handOff));
};

async function handOff(gt: Session, id: string | undefined, options: Options): Promise<void> {
  const { to: machine = "", message = "" } = options;
  const { requestId } = gt;
  if (id !== undefined) {
    if (message !== "") throw new UsageError("--message is for a fresh session: say no bead then");
    return gt.tell(
      WorkService.method.handOffBead,
      { requestId, id, machine },
      ({ bead, epoch }) => {
        const { machine: from = "its machine", polecat = "its worker" } = bead?.claim ?? {};
        const to = machine === "" ? "another machine" : machine;
        const next = `  \`gt show ${bead?.id ?? id}\` tells when ${to} has it`;
        return [`${polecat} on ${from} hands off attempt ${epoch}`, next].map(oneLine).join("\n");
      },
    );
  }
  const isPolecat = nonEmpty(gt.terminal.env["GT_BEAD"]) !== undefined;
  if (machine !== "" || !isPolecat) {
    throw new UsageError("say which bead: gt handoff <id> --to <machine>");
  }
  const say = () => "this session ends now; the next one goes on where it stopped";
  await gt.tell(AgentService.method.restartSession, { requestId, message }, say);
}
