import type { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { readyBeads } from "#services/ledger/readiness.ts";
import { rigOfId, rigs } from "#services/ledger/rigs.ts";
import { compareUrgency, urgencyOf } from "#services/ledger/urgency.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import type { ApiPorts } from "../api-ports.ts";
import { beadShower, weighBead } from "../bead-message.ts";
import { invalid } from "../check.ts";
import { cutPage } from "../page.ts";

/** Beads that could be dispatched now, the most urgent first. */
export function listReadyBeads({
  ledger,
  nowMs,
}: ApiPorts): MethodImpl<typeof WorkService.method.listReadyBeads> {
  const { world } = ledger;
  return async (request) => {
    const now = nowMs();
    const enrolled = rigs(world);
    if (request.rig !== "" && !enrolled.some(({ rig }) => rig.name === request.rig)) {
      const known = enrolled.map(({ rig }) => rig.name).join(", ") || "none yet";
      const description = `no rig ${request.rig}; there are: ${known}`;
      throw invalid([{ field: "rig", description }]);
    }
    const ranked = readyBeads(world, now)
      .filter(({ id }) => request.rig === "" || rigOfId(id, enrolled)?.rig.name === request.rig)
      .map((bead) => ({ bead, urgency: urgencyOf(bead, world) }))
      .sort((a, b) => compareUrgency(a.urgency, b.urgency));
    const page = cutPage(ranked, request, request.rig, {
      key: ({ urgency }) => urgency,
      compare: compareUrgency,
      weigh: ({ bead }) => weighBead(bead),
    });
    const show = beadShower(world, now);
    return {
      beads: page.items.map(({ bead }) => show(bead)),
      nextPageToken: page.nextPageToken,
    };
  };
}
