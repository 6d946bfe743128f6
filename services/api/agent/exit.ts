import { AgentService, ExitKind } from "#proto/gastown/v1/agent_service_pb.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import type { ExitKind as ExitName } from "#services/ledger/work-fields.ts";
import { leave } from "#services/molecules/leave.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { invalid } from "../check.ts";
import { mutate } from "../mutate.ts";
import { callingWorker, type WorkerPorts } from "../worker-ports.ts";

type Exit = MethodImpl<typeof AgentService.method.exit>;

const method = AgentService.method.exit;
const textCharsMax = 16 * 1024;
const kinds: Readonly<Partial<Record<ExitKind, ExitName>>> = {
  [ExitKind.COMPLETED]: "COMPLETED",
  [ExitKind.BLOCKED]: "BLOCKED",
  [ExitKind.REFACTOR]: "REFACTOR",
  [ExitKind.ESCALATE]: "ESCALATE",
};

/** Leave by one of the four exits. The session goes on until it asked for its shutdown. */
export function exit(ports: Pick<WorkerPorts, "ledger" | "worker" | "ring">): Exit {
  return async (request, context) => {
    const { ledger } = ports;
    const { worker, work } = callingWorker(ports, context.principal);
    const kind = kinds[request.kind];
    if (kind === undefined) {
      throw invalid([{ field: "kind", description: `one of ${Object.values(kinds).join(", ")}` }]);
    }
    const { bead, repeated } = await mutate(ledger, method, request, context, ({ uid }) => {
      const { summary, blocker, parts } = request;
      const answer = leave(ledger.world, work, worker, {
        kind,
        summary: summary.slice(0, textCharsMax),
        blocker,
        parts,
        newUid: (index) => (index === 0 ? uid : derivedUid(uid, String(index))),
      });
      if (answer.do === "refuse") throw answer.error;
      return { bead: work.uid, drafts: answer.do === "leave" ? answer.drafts : [] };
    });
    if (!repeated) ports.ring();
    return { bead: bead.id, status: bead.status };
  };
}
