import type { AgentService } from "#proto/gastown/v1/agent_service_pb.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import type { Peers } from "#services/telemetry/peers.ts";
import type { Ask } from "./ask.ts";
import { findAgent } from "./find-agent.ts";
import { observeAgent } from "./observe-agent.ts";

/** What looking at agents needs. */
export type AgentPorts = {
  readonly ledger: Ledger;
  readonly peers: Peers;
  readonly ask: Ask;
  readonly nowMs: () => number;
};

const linesDefault = 10;
const linesMax = 200;

/** Peek at one agent; its machine out of reach, the ledger answers, with its age. */
export function peekAgent(ports: AgentPorts): MethodImpl<typeof AgentService.method.peekAgent> {
  const { ledger, peers, ask, nowMs } = ports;
  return async ({ name, lines }) => {
    const found = findAgent(ledger.world, name);
    const agent = observeAgent(found, ledger.world, peers, nowMs());
    const wanted = Math.min(lines || linesDefault, linesMax);
    const output = await lastLines(ask, found, wanted);
    return { agent, output };
  };
}

async function lastLines(
  ask: Ask,
  agent: { name: string; machine: string | undefined },
  lines: number,
): Promise<string[]> {
  if (agent.machine === undefined) return [];
  try {
    return (await ask(agent.machine, "peek", { agent: agent.name, lines })).output;
  } catch (error) {
    if (isTownError(error, "unavailable", "timeout", "not_found")) return [];
    throw error;
  }
}

/** Every agent that the ledger knows, with its health. */
export function listAgents(ports: AgentPorts): MethodImpl<typeof AgentService.method.listAgents> {
  const { ledger, peers, nowMs } = ports;
  return async ({ rig, machine }) => {
    const names = ledger.world.ofType("agent").flatMap((bead) => {
      const name = bead.fields["gt.agent"];
      return typeof name === "string" ? [name] : [];
    });
    const found = names.sort().map((name) => findAgent(ledger.world, name));
    const wanted = found.filter((agent) => {
      const isOfRig = rig === "" || agent.name.startsWith(`rigs/${rig}/`);
      return isOfRig && (machine === "" || agent.machine === machine);
    });
    return { agents: wanted.map((agent) => observeAgent(agent, ledger.world, peers, nowMs())) };
  };
}
