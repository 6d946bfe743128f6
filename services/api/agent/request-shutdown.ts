import type { AgentService } from "#proto/gastown/v1/agent_service_pb.ts";
import { forRequest } from "#services/ledger/drafts.ts";
import { requestKey } from "#services/ledger/ids.ts";
import { requestShutdown as decide } from "#services/molecules/request-shutdown.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { callingWorker, type WorkerPorts } from "../worker-ports.ts";

type RequestShutdown = MethodImpl<typeof AgentService.method.requestShutdown>;

/** Ask the machine's Witness to end the caller's session. */
export function requestShutdown(
  ports: Pick<WorkerPorts, "ledger" | "worker" | "ring">,
): RequestShutdown {
  return async (_request, { principal, requestId }) => {
    const { ledger } = ports;
    const { worker, work } = callingWorker(ports, principal);
    const key = requestKey(principal, requestId);
    if (ledger.world.requested(key)) return {};
    const answer = decide(ledger.world, work, worker);
    if (answer.do === "refuse") throw answer.error;
    await ledger.append(principal, forRequest(key, answer.drafts));
    ports.ring();
    return {};
  };
}
