import type { EventService } from "#proto/gastown/v1/event_service_pb.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { ancestors } from "#services/ledger/readiness.ts";
import { workField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import type { MethodImpl, ServiceImpl } from "#services/rpc/method.ts";
import type { ApiPorts } from "../api-ports.ts";
import { findBead } from "../find-bead.ts";
import type { EventLog } from "./event-log.ts";
import { eventMessage } from "./event-message.ts";

type WatchEvents = MethodImpl<typeof EventService.method.watchEvents>;
type Ports = Pick<ApiPorts, "ledger" | "nowMs"> & { readonly events: EventLog };

/** Every change in the order in which this process folded it, from a token or from now. */
export function watchEvents({ ledger, nowMs, events }: Ports): WatchEvents {
  const { world } = ledger;
  return async function* (request, { signal }) {
    const root = request.bead === "" ? undefined : findBead(world, request.bead).uid;
    const { resumeToken } = request;
    let position = resumeToken === "" ? events.position() : events.positionOf(resumeToken);
    while (!signal.aborted) {
      for (const { position: reached, change } of events.after(position)) {
        const { event, bead } = change;
        position = reached;
        // Its creation has not arrived here yet, and will be told when it does.
        if (!bead || (root !== undefined && !hangsBelow(bead, root, world))) continue;
        const message = eventMessage(event, bead, world, nowMs());
        yield { ...message, resumeToken: events.token(reached) };
      }
      await events.next(position, signal);
    }
  };
}

/** Whether a bead is one, or its child, or belongs to the work of such: steps, merge requests. */
function hangsBelow(bead: Bead, root: string, world: World): boolean {
  const work = world.bead(workField.read(bead) ?? "");
  const lines = work ? [bead, work, ...ancestors(work, world)] : [bead];
  return [...lines, ...ancestors(bead, world)].some(({ uid }) => uid === root);
}

/** EventService, the same at any endpoint. */
export function eventService(ports: Ports): ServiceImpl<typeof EventService> {
  return { watchEvents: watchEvents(ports) };
}
