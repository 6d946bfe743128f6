import { z } from "zod";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { addComment as draftComment } from "#services/ledger/drafts.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import type { ApiPorts } from "../api-ports.ts";
import { showBead } from "../bead-message.ts";
import { check, id, text } from "../check.ts";
import { findLiveBead } from "../find-bead.ts";
import { mutate } from "../mutate.ts";

type AddComment = MethodImpl<typeof WorkService.method.addComment>;

const Request = z.object({ id, text: text.min(1, "must not be empty") });

/** Remark on a bead, as the caller. */
export function addComment({ ledger, nowMs }: ApiPorts): AddComment {
  const { world } = ledger;
  return async (request, context) => {
    const method = WorkService.method.addComment;
    const { bead } = await mutate(ledger, method, request, context, (asked) => {
      const { id: beadId, text: words } = check(Request, request);
      const { uid } = findLiveBead(world, beadId);
      const remark = { author: asked.principal, text: words, id: asked.derive(12, "comment") };
      return { bead: uid, drafts: [draftComment(uid, remark)] };
    });
    return { bead: showBead(bead, world, nowMs()) };
  };
}
