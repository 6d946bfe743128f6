import { type Agent, AgentService } from "#proto/gastown/v1/agent_service_pb.ts";
import { ago } from "./elapsed.ts";
import { facts } from "./facts.ts";
import { healthWord } from "./health.ts";
import { oneLine } from "./one-line.ts";
import { count } from "./options.ts";
import type { Session } from "./session.ts";
import { table } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { type Declare, example } from "./verb.ts";

type Options = {
  readonly lines: number;
  readonly rig?: string;
  readonly machine?: string;
};

/** Declare `gt peek`. */
export const declare: Declare = (command, act) => {
  command
    .argument("[agent]", "its name, a polecat's short name, or its bead; all agents if absent")
    .option("-n, --lines <count>", "how many of its last output lines", count, 10)
    .option("--rig <name>", "without an agent: only this rig's")
    .option("--machine <name>", "without an agent: only this machine's")
    .addHelpText("after", example("gt peek nux"))
    .action(act(peek));
};

async function peek(gt: Session, name: string | undefined, options: Options): Promise<void> {
  const { lines, rig = "", machine = "" } = options;
  if (name === undefined) {
    return gt.tell(AgentService.method.listAgents, { rig, machine }, ({ agents }) =>
      agents.length === 0 ? "no agents" : agentTable(agents, gt.terminal),
    );
  }
  await gt.tell(AgentService.method.peekAgent, { name, lines }, ({ agent, output }) => {
    if (agent === undefined) return "";
    return [page(agent, gt.terminal), ...output.map((line) => `  │ ${oneLine(line)}`)].join("\n");
  });
}

function agentTable(agents: readonly Agent[], { paint, nowMs, columns }: Terminal): string {
  const rows = agents.map((agent) => [
    oneLine(agent.name),
    healthWord(agent.health, paint),
    oneLine(agent.machine),
    oneLine(agent.bead),
    oneLine(agent.step),
    oneLine(agent.evidence),
    ago(agent.evidenceTime, nowMs()),
  ]);
  return table(agentColumns, rows, columns());
}

const agentColumns = [
  { head: "AGENT", gives: 2 },
  { head: "HEALTH" },
  { head: "MACHINE" },
  { head: "BEAD", gives: 3 },
  { head: "STEP", gives: 4 },
  { head: "EVIDENCE", gives: 1 },
  { head: "SEEN", align: "right" },
] as const;

function page(agent: Agent, { paint, nowMs }: Terminal): string {
  const now = nowMs();
  const { evidence, evidenceTime, bead, epoch } = agent;
  const head = `${paint.bold(oneLine(agent.name))}  ${healthWord(agent.health, paint)}`;
  return [
    head,
    facts([
      ["Role", agent.role],
      ["Machine", agent.machine],
      ["Bead", bead === "" ? "" : `${bead}${epoch === "" ? "" : ` (epoch ${epoch})`}`],
      ["Step", agent.step],
      ["Evidence", evidence === "" ? "" : `${evidence}, ${ago(evidenceTime, now)}`],
      ["Started", agent.startTime === undefined ? "" : ago(agent.startTime, now)],
      ["Seen", ago(agent.observeTime, now)],
      ["Last exit", agent.lastExit],
    ]),
  ].join("\n");
}
