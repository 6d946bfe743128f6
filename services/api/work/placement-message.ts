import type { MessageInitShape } from "@bufbuild/protobuf";
import type { PlacementSchema } from "#proto/gastown/v1/work_service_pb.ts";
import { type Bead, isHeld } from "#services/ledger/bead.ts";
import { isDispatchable, judgeReadiness, slingOf } from "#services/ledger/readiness.ts";
import { rigOf } from "#services/ledger/rigs.ts";
import { placementField } from "#services/ledger/work-fields.ts";
import type { ApiPorts } from "../api-ports.ts";
import { endOf, whyAside } from "./outcome.ts";
import { lossOf, passageOf } from "./passage.ts";

type PlacementInit = MessageInitShape<typeof PlacementSchema>;

/** Where a bead goes, or why it goes nowhere yet; the deciding reason comes first. */
export function placementOf(bead: Bead, ports: ApiPorts): PlacementInit {
  const { world } = ports.ledger;
  const { blocked: all, notes } = judgeReadiness(world, ports.nowMs())(bead);
  const { claim } = bead;
  const aside = whyAside(bead, world);
  const blocked = aside.length > 0 ? all.filter((each) => each !== `it is ${bead.status}`) : all;
  if (claim && isHeld(bead)) {
    const lost = lossOf(bead, world, ports.nowMs());
    const passage = passageOf(bead, world);
    return { machine: claim.machine, reasons: [...lost, ...passage, ...blocked, ...notes] };
  }
  if (bead.status === "closed") {
    return { reasons: [endOf(bead, world)] };
  }
  if (aside.length > 0) return { reasons: [...aside, ...blocked, ...notes] };
  const never = neverPlaced(bead, ports);
  if (never !== undefined) return { reasons: [never, ...blocked, ...notes] };
  if (blocked.length > 0) return { reasons: [...blocked, ...notes] };
  const placement = placementField.read(bead);
  if (placement && placement.claim === (claim?.epoch ?? "")) {
    const { machine, reasons } = placement;
    return { machine, reasons: [...reasons, ...notes] };
  }
  const reasons = [...passageOf(bead, world), ...(ports.explain?.(bead) ?? [])];
  const waits = "it is ready; the dispatcher places it in its next round";
  return { reasons: [...(reasons.length > 0 ? reasons : [waits]), ...notes] };
}

function neverPlaced(bead: Bead, { ledger: { world } }: ApiPorts): string | undefined {
  if (bead.issueType === "epic") return "an epic is worked through its children";
  if (!isDispatchable(bead)) return `a bead of type ${bead.issueType} like this is not dispatched`;
  if (!rigOf(bead, world)) return `${bead.id} belongs to no rig, so no worker takes it`;
  if (!slingOf(bead, world)) return `nobody has asked for it yet: gt sling ${bead.id}`;
  return undefined;
}
