import type { AuditService } from "#proto/gastown/v1/audit_service_pb.ts";
import { narrate, type Told } from "#services/ledger/narrate.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import type { ApiPorts } from "../api-ports.ts";
import { findBead } from "../find-bead.ts";
import { compareIds, cutPage } from "../page.ts";
import { auditEntry, weighEntry } from "./audit-entry.ts";

/** Where an event stands in a history. */
type Place = readonly [ms: number, count: number, writer: string, hash: string];

/** Every event of one bead, the earliest first. */
export function listBeadHistory({
  ledger,
}: Pick<ApiPorts, "ledger">): MethodImpl<typeof AuditService.method.listBeadHistory> {
  const { world } = ledger;
  return async (request) => {
    const { uid } = findBead(world, request.id);
    const history = narrate(uid, ledger.history(uid), world);
    const order = { key: placeOf, compare: comparePlaces, weigh: weighEntry };
    const { items, nextPageToken } = cutPage(history, request, `history ${uid}`, order);
    return { entries: items.map((told) => auditEntry(told, world)), nextPageToken };
  };
}

function placeOf({ event: { clock, writer, hash } }: Told): Place {
  return [...clock, writer, hash];
}

/** As replicas settle concurrent writes. */
function comparePlaces(a: Place, b: Place): number {
  return a[0] - b[0] || a[1] - b[1] || compareIds(a[2], b[2]) || compareIds(a[3], b[3]);
}
