import type { AuditService } from "#proto/gastown/v1/audit_service_pb.ts";
import type { ServiceImpl } from "#services/rpc/method.ts";
import type { ApiPorts } from "../api-ports.ts";
import { getAgentRecord } from "./get-agent-record.ts";
import { getStats } from "./get-stats.ts";
import { listAuditEntries } from "./list-audit-entries.ts";
import { listBeadHistory } from "./list-bead-history.ts";

/** AuditService, the same at any endpoint. */
export function auditService(ports: Pick<ApiPorts, "ledger">): ServiceImpl<typeof AuditService> {
  return {
    listBeadHistory: listBeadHistory(ports),
    listAuditEntries: listAuditEntries(ports),
    getAgentRecord: getAgentRecord(ports),
    getStats: getStats(ports),
  };
}
