import type { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import type { ApiPorts } from "../api-ports.ts";
import { showBead } from "../bead-message.ts";
import { findBead } from "../find-bead.ts";
import { placementOf } from "./placement-message.ts";

/** Why a bead is where it is: what blocks it, why it was placed or not. */
export function explainBead(ports: ApiPorts): MethodImpl<typeof WorkService.method.explainBead> {
  const { ledger, nowMs } = ports;
  return async ({ id }) => {
    const bead = findBead(ledger.world, id);
    return { bead: showBead(bead, ledger.world, nowMs()), placement: placementOf(bead, ports) };
  };
}
