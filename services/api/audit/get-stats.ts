import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { AuditService } from "#proto/gastown/v1/audit_service_pb.ts";
import { isDispatchable } from "#services/ledger/readiness.ts";
import { rigOfId, rigs } from "#services/ledger/rigs.ts";
import { closedAsFailed } from "#services/ledger/unmet.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import type { ApiPorts } from "../api-ports.ts";
import { takeTurns } from "../take-turns.ts";
import { type Finished, stats } from "./stats.ts";
import { timelineOf } from "./timeline.ts";

/** Throughput, and where the time of closed work went. */
export function getStats({
  ledger,
}: Pick<ApiPorts, "ledger">): MethodImpl<typeof AuditService.method.getStats> {
  const { world } = ledger;
  return async (request, { signal }) => {
    const enrolled = rigs(world);
    const sinceMs = request.since ? timestampMs(request.since) : Number.NEGATIVE_INFINITY;
    const finished: Finished[] = [];
    for await (const bead of takeTurns(world.everywhere(), signal)) {
      if (bead.status !== "closed" || !isDispatchable(bead)) continue;
      if (Date.parse(bead.closedAt ?? "") < sinceMs) continue;
      const rig = rigOfId(bead.id, enrolled)?.rig.name ?? "";
      if (request.rig !== "" && rig !== request.rig) continue;
      const timeline = timelineOf(bead, ledger);
      if (!timeline) continue;
      const { issueType, claim, closedBy } = bead;
      const agent = claim?.polecat ?? closedBy;
      finished.push({ rig, agent, issueType, failed: closedAsFailed(bead), timeline });
    }
    return stats(finished);
  };
}
