import { z } from "zod";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { removeEdges } from "#services/ledger/drafts.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import type { ApiPorts } from "../api-ports.ts";
import { showBead } from "../bead-message.ts";
import { check, edgeType, id } from "../check.ts";
import { findLiveBead } from "../find-bead.ts";
import { mutate } from "../mutate.ts";

type RemoveDependency = MethodImpl<typeof WorkService.method.removeDependency>;

const Request = z.object({ id, dependsOnId: id, type: edgeType });

/** Remove an edge, of one type or of every. A concurrent addition of the same edge stays. */
export function removeDependency({ ledger, nowMs }: ApiPorts): RemoveDependency {
  const { world } = ledger;
  return async (request, context) => {
    const method = WorkService.method.removeDependency;
    const { bead } = await mutate(ledger, method, request, context, () => {
      const { id: beadId, dependsOnId, type } = check(Request, request);
      const { uid, id: from } = findLiveBead(world, beadId);
      const drafts = removeEdges(world, uid, dependsOnId, type || undefined);
      if (drafts.length > 0) return { bead: uid, drafts };
      const what = `${from} has no ${type === "" ? "" : `${type} `}edge to ${dependsOnId}`;
      const resource = { type: "dependency", name: dependsOnId };
      throw new TownError("not_found", what, { resource });
    });
    return { bead: showBead(bead, world, nowMs()) };
  };
}
