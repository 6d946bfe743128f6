import { AgentService } from "#proto/gastown/v1/agent_service_pb.ts";
import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { isTownError } from "#services/rpc/town-error.ts";
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
    return handOffBead(gt, id, machine);
  }
  const isPolecat = nonEmpty(gt.terminal.env["GT_BEAD"]) !== undefined;
  if (machine !== "" || !isPolecat) {
    throw new UsageError("say which bead: gt handoff <id> --to <machine>");
  }
  const say = () => "this session ends now; the next one goes on where it stopped";
  await gt.tell(AgentService.method.restartSession, { requestId, message }, say);
}

async function handOffBead(gt: Session, id: string, machine: string): Promise<void> {
  const method = WorkService.method.handOffBead;
  const response = await gt.call(method, { requestId: gt.requestId, id, machine });
  const { bead, epoch } = response;
  const { machine: from = "its machine", polecat = "its worker" } = bead?.claim ?? {};
  const to = machine === "" ? "another machine" : machine;
  const notes = gt.json ? [] : await notesOf(gt, bead?.id ?? id, from);
  await gt.print(method.output, response, () => {
    const next = `  \`gt show ${bead?.id ?? id}\` tells when ${to} has it`;
    const first = `${polecat} on ${from} hands off attempt ${epoch}`;
    return [first, ...notes.map((note) => `  ${note}`), next].map(oneLine).join("\n");
  });
}

/** What else is to be known; the hand-off is asked for already, whether this can be said or not. */
async function notesOf(gt: Session, id: string, from: string): Promise<string[]> {
  try {
    const { placement } = await gt.call(WorkService.method.explainBead, { id });
    const pin = placement?.reasons.filter((reason) => reason.includes("which overrides"));
    const { machine } = await gt.call(FleetService.method.getMachine, { name: from });
    const later = "it hands off once it is heard; where it is lost, its rig's policy decides";
    const silence = machine?.link === "silent" ? [`${from} is silent: ${later}`] : [];
    return [...(pin ?? []), ...silence];
  } catch (error) {
    if (isTownError(error)) return [];
    throw error;
  }
}
