import { z } from "zod";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { reopenBead as draftReopen, releaseBead } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import type { ApiPorts } from "../api-ports.ts";
import { showBead } from "../bead-message.ts";
import { check, text } from "../check.ts";
import { findLiveBead, refusedState } from "../find-bead.ts";
import { mutate } from "../mutate.ts";

type ReopenBead = MethodImpl<typeof WorkService.method.reopenBead>;

const Request = z.object({ reason: text });

/** Open a closed bead again; every close seen so far is undone. */
export function reopenBead({ ledger, nowMs }: ApiPorts): ReopenBead {
  const { world } = ledger;
  return async (request, context) => {
    const method = WorkService.method.reopenBead;
    const { bead } = await mutate(ledger, method, request, context, () => {
      const { reason } = check(Request, request);
      const held = findLiveBead(world, request.id);
      if (held.status !== "closed") throw refusedState(held.id, `${held.id} is not closed`);
      return { bead: held.uid, drafts: reopening(held, reason || "reopened") };
    });
    return { bead: showBead(bead, world, nowMs()) };
  };
}

/** What opens a closed bead again. */
export function reopening(bead: Bead, reason: string): Draft[] {
  const { uid, claim } = bead;
  // What landed was never released: its worker is gone, and would hold the bead for ever.
  const release = claim && !claim.released ? [releaseBead(uid, claim.epoch, "reopened")] : [];
  return [draftReopen(bead, reason), ...release];
}
