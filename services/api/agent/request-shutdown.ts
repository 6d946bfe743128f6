import { AgentService } from "#proto/gastown/v1/agent_service_pb.ts";
import { requestShutdown as decide } from "#services/molecules/request-shutdown.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { mutate } from "../mutate.ts";
import { callingWorker, type WorkerPorts } from "../worker-ports.ts";

type RequestShutdown = MethodImpl<typeof AgentService.method.requestShutdown>;

const method = AgentService.method.requestShutdown;

/** Ask the machine's Witness to end the caller's session. */
export function requestShutdown(
  ports: Pick<WorkerPorts, "ledger" | "worker" | "ring">,
): RequestShutdown {
  return async (request, context) => {
    const { ledger } = ports;
    const { worker, work } = callingWorker(ports, context.principal);
    const { repeated } = await mutate(ledger, method, request, context, () => {
      const answer = decide(ledger.world, work, worker);
      if (answer.do === "refuse") throw answer.error;
      return { bead: work.uid, drafts: answer.drafts };
    });
    if (!repeated) ports.ring();
    return {};
  };
}
