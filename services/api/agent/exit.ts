import { type AgentService, ExitKind } from "#proto/gastown/v1/agent_service_pb.ts";
import { forRequest } from "#services/ledger/drafts.ts";
import { derivedUid, requestKey } from "#services/ledger/ids.ts";
import type { ExitKind as ExitName } from "#services/ledger/work-fields.ts";
import { leave } from "#services/molecules/leave.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { callingWorker, type WorkerPorts } from "../worker-ports.ts";

type Exit = MethodImpl<typeof AgentService.method.exit>;

const textCharsMax = 16 * 1024;
const kinds: Readonly<Partial<Record<ExitKind, ExitName>>> = {
  [ExitKind.COMPLETED]: "COMPLETED",
  [ExitKind.BLOCKED]: "BLOCKED",
  [ExitKind.REFACTOR]: "REFACTOR",
  [ExitKind.ESCALATE]: "ESCALATE",
};

/** Leave by one of the four exits. The session goes on until it asked for its shutdown. */
export function exit(ports: Pick<WorkerPorts, "ledger" | "worker" | "ring">): Exit {
  return async (request, { principal, requestId }) => {
    const { ledger } = ports;
    const { worker, work } = callingWorker(ports, principal);
    const kind = kinds[request.kind];
    if (kind === undefined) {
      const description = `one of ${Object.values(kinds).join(", ")}`;
      const violations = [{ field: "kind", description }];
      throw new TownError("invalid", `no such exit: ${description}`, { violations });
    }
    const key = requestKey(principal, requestId);
    if (!ledger.world.requested(key)) {
      const { blocker, parts } = request;
      const answer = leave(ledger.world, work, worker, {
        kind,
        summary: request.summary.slice(0, textCharsMax),
        blocker,
        parts,
        newUid: (index) =>
          index === 0
            ? derivedUid("request", principal, requestId)
            : derivedUid("request", principal, requestId, String(index)),
      });
      if (answer.do === "refuse") throw answer.error;
      if (answer.do === "leave") {
        await ledger.append(principal, forRequest(key, answer.drafts));
        ports.ring();
      }
    }
    return { bead: work.id, status: ledger.world.bead(work.uid)?.status ?? work.status };
  };
}
