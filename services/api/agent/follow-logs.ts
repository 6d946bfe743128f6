import type { AgentService } from "#proto/gastown/v1/agent_service_pb.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import { Wake } from "#services/lifecycle/wake.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { findAgent } from "./find-agent.ts";
import type { AgentPorts } from "./peek-agent.ts";

const linesDefault = 100;
const pollMs = 500;

/** What an agent printed: the retained end, then what comes while the caller stays. */
export function followLogs(
  ports: AgentPorts & { readonly clock: Clock },
): MethodImpl<typeof AgentService.method.followLogs> {
  const { ledger, ask, clock } = ports;
  return async function* ({ name, follow, lines: wanted }, { signal }) {
    const agent = findAgent(ledger.world, name);
    if (agent.machine === undefined) {
      throw new TownError("state", `${agent.name} has not worked anywhere yet`);
    }
    const pause = new Wake();
    let fromByte = -1;
    while (!signal.aborted) {
      const answer = await ask(agent.machine, "logs", { agent: agent.name, fromByte });
      const first = fromByte < 0;
      const lines = first ? answer.lines.slice(-(wanted || linesDefault)) : answer.lines;
      if (lines.length > 0) yield { lines };
      fromByte = answer.nextByte;
      if (!follow) return;
      if (first || lines.length === 0) await pause.wait(clock, pollMs, signal);
    }
  };
}
