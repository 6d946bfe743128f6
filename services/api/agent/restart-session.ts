import { AgentService } from "#proto/gastown/v1/agent_service_pb.ts";
import { setFields } from "#services/ledger/drafts.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";
import { exitField, restartField } from "#services/ledger/work-fields.ts";
import { refusedWorker } from "#services/molecules/advance.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { mutate } from "../mutate.ts";
import { callingWorker, type WorkerPorts } from "../worker-ports.ts";

type RestartSession = MethodImpl<typeof AgentService.method.restartSession>;

const method = AgentService.method.restartSession;
const messageCharsMax = 16 * 1024;

/**
 * Let the caller go on in a fresh session: the machine ends this one once it has its answer, and
 * starts the next in the same worktree.
 */
export function restartSession(
  ports: Pick<WorkerPorts, "ledger" | "worker" | "ring" | "nowMs">,
): RestartSession {
  return async (request, context) => {
    const { ledger, nowMs } = ports;
    const { worker, work } = callingWorker(ports, context.principal);
    const { repeated } = await mutate(ledger, method, request, context, () => {
      const refused = refusedWorker(work, worker);
      if (refused) throw refused;
      const exit = exitField.read(work);
      if (exit && claimEpoch(exit.epoch) === claimEpoch(worker.epoch)) {
        const message = `${worker.agent} has left ${work.id} as ${exit.kind} already`;
        throw new TownError("state", `${message}: what is left is \`gt shutdown\``);
      }
      const message = request.message.slice(0, messageCharsMax);
      const wanted = { epoch: worker.epoch, message, atMs: nowMs() };
      const fields = { [restartField.name]: wanted };
      return { bead: work.uid, drafts: [setFields(work.uid, fields, worker.epoch)] };
    });
    if (!repeated) ports.ring();
    return {};
  };
}
