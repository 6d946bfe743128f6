import { z } from "zod";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { addEdges } from "#services/ledger/drafts.ts";
import type { World } from "#services/ledger/world.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import type { ApiPorts } from "../api-ports.ts";
import { showBead } from "../bead-message.ts";
import { check, edgeType, id } from "../check.ts";
import { findLiveBead, refusedState } from "../find-bead.ts";
import { type Decided, mutate } from "../mutate.ts";
import { refuseCycle } from "./refuse-cycle.ts";

type AddDependency = MethodImpl<typeof WorkService.method.addDependency>;

const Request = z.object({
  id,
  dependency: z.object({ dependsOnId: id, type: edgeType }, "must be given"),
});

/** Add an edge. One that would close a cycle is refused and shows it. */
export function addDependency({ ledger, nowMs }: ApiPorts): AddDependency {
  const { world } = ledger;
  return async (request, context) => {
    const method = WorkService.method.addDependency;
    const { bead } = await mutate(ledger, method, request, context, () => {
      const { dependency, id: beadId } = check(Request, request);
      const from = findLiveBead(world, beadId);
      const to = findLiveBead(world, dependency.dependsOnId, "dependency.depends_on_id");
      return decide(world, from, to, dependency.type || "blocks");
    });
    return { bead: showBead(bead, world, nowMs()) };
  };
}

function decide(world: World, from: Bead, to: Bead, type: string): Decided {
  const { uid } = from;
  const held = from.dependencies.filter((edge) => edge.type === type);
  if (held.some((edge) => edge.uid === to.uid)) return { bead: uid, drafts: [] };
  const parent = type === "parent-child" ? held[0] : undefined;
  if (parent) {
    const why = `${from.id} is a child of ${parent.id}; remove that edge first`;
    throw refusedState(from.id, why);
  }
  const edge = { to: to.uid, type };
  refuseCycle(world, [{ uid, id: from.id, isEpic: from.issueType === "epic", edges: [edge] }]);
  return { bead: uid, drafts: [addEdges(uid, [edge])] };
}
