import { z } from "zod";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { type Bead, isHeld } from "#services/ledger/bead.ts";
import { closeBead as draftClose } from "#services/ledger/drafts.ts";
import { isWork, liveMergeRequest } from "#services/ledger/readiness.ts";
import type { World } from "#services/ledger/world.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import type { ApiPorts } from "../api-ports.ts";
import { showBead } from "../bead-message.ts";
import { check, text } from "../check.ts";
import { findLiveBead, refusedState } from "../find-bead.ts";
import { mutate } from "../mutate.ts";

type CloseBead = MethodImpl<typeof WorkService.method.closeBead>;

const Request = z.object({ reason: text });
/** Machinery that people may close by hand. */
const closable = ["gate", "message", "convoy", "role"];

/** Close a bead by hand. Refused while a worker or a merge request holds it. */
export function closeBead({ ledger, nowMs }: ApiPorts): CloseBead {
  const { world } = ledger;
  return async (request, context) => {
    const method = WorkService.method.closeBead;
    const { bead } = await mutate(ledger, method, request, context, (asked) => {
      const { reason } = check(Request, request);
      const held = findLiveBead(world, request.id);
      const why = refusal(held, world);
      if (why !== undefined) throw refusedState(held.id, why);
      const close = `hand:${asked.derive(12, "close")}`;
      const closing = { close, kind: "done", reason: reason || "done" };
      return { bead: held.uid, drafts: [draftClose(held.uid, closing)] };
    });
    return { bead: showBead(bead, world, nowMs()) };
  };
}

function refusal(bead: Bead, world: World): string | undefined {
  const { id, claim } = bead;
  if (bead.status === "closed") return `${id} is closed already: ${bead.closeReason || "done"}`;
  if (!isWork(bead) && !closable.includes(bead.issueType)) {
    return `${id} is the town's own (${bead.issueType}) and is closed by what it belongs to`;
  }
  if (claim && isHeld(bead)) {
    return `${id} is held by ${claim.polecat} on ${claim.machine} under epoch ${claim.epoch}`;
  }
  const request = liveMergeRequest(bead, world);
  return request && `${id} has a merge request that has not landed yet: ${request.id}`;
}
