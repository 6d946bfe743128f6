import type { AgentService } from "#proto/gastown/v1/agent_service_pb.ts";
import { addComment, forRequest } from "#services/ledger/drafts.ts";
import { requestKey } from "#services/ledger/ids.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { findAgent } from "./find-agent.ts";
import type { AgentPorts } from "./peek-agent.ts";

/** Say something to a running agent; what did not arrive is not reported as sent. */
export function nudgeAgent(ports: AgentPorts): MethodImpl<typeof AgentService.method.nudgeAgent> {
  const { ledger, ask } = ports;
  return async ({ name, message }, { principal, requestId }) => {
    const text = message.trim();
    if (text === "") {
      const violations = [{ field: "message", description: "say something" }];
      throw new TownError("invalid", "a nudge needs a message", { violations });
    }
    const agent = findAgent(ledger.world, name);
    if (agent.machine === undefined || agent.bead === undefined) {
      throw new TownError("state", `${agent.name} does not run anywhere`);
    }
    const key = requestKey(principal, requestId);
    if (ledger.world.requested(key)) return { delivered: "already delivered" };
    const { delivered } = await ask(agent.machine, "nudge", {
      agent: agent.name,
      message: text,
      id: key,
    });
    const remark = addComment(agent.bead, { author: principal, text: `nudge: ${text}` });
    await ledger.append(principal, forRequest(key, [remark]));
    return { delivered };
  };
}
