import type { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import type { ApiPorts } from "../api-ports.ts";
import { showBead } from "../bead-message.ts";
import { findBead } from "../find-bead.ts";

/** One bead by id, former id or uid; a deleted one as its tombstone. */
export function getBead({
  ledger,
  nowMs,
}: ApiPorts): MethodImpl<typeof WorkService.method.getBead> {
  return async ({ id }) => ({
    bead: showBead(findBead(ledger.world, id), ledger.world, nowMs()),
  });
}
