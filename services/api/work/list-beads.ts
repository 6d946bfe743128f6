import type { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { type Bead, isHeld, textField } from "#services/ledger/bead.ts";
import {
  type FieldValues,
  type Filter,
  type FilterField,
  mentions,
  parseFilter,
  passes,
  restrictions,
} from "#services/ledger/filter.ts";
import { isWork, openWork } from "#services/ledger/readiness.ts";
import { rigOfId, rigs } from "#services/ledger/rigs.ts";
import { moleculeField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import type { ApiPorts } from "../api-ports.ts";
import { beadShower, weighBead } from "../bead-message.ts";
import { compareIds, cutPage } from "../page.ts";
import { refuseUnknown } from "./known-values.ts";

/** Beads that match a filter, by id, a page at a time. */
export function listBeads({
  ledger,
  nowMs,
}: ApiPorts): MethodImpl<typeof WorkService.method.listBeads> {
  const { world } = ledger;
  return async (request) => {
    const query = request.filter.trim();
    const found = query === "" ? openWork(world) : matches(world, parseFilter(query));
    found.sort((a, b) => compareIds(a.id, b.id));
    const page = cutPage(found, request, query, {
      key: ({ id }) => id,
      compare: compareIds,
      weigh: weighBead,
    });
    return {
      beads: page.items.map(beadShower(world, nowMs())),
      nextPageToken: page.nextPageToken,
      totalSize: found.length,
    };
  };
}

/**
 * Deleted beads are found by those only who ask for them. Steps bear the type of work, so that they
 * are found by who asks for more than a type.
 */
function matches(world: World, filter: Filter): Bead[] {
  refuseUnknown(filter, world);
  const withDeleted = mentions(filter, "status", "tombstone");
  const fields = new Set(restrictions(filter).map(({ field }) => field));
  const withSteps =
    !fields.has("type") || ["work", "parent", "id"].some((f) => fields.has(f as FilterField));
  const values = valuesOf(world);
  return [...world.all()].filter(
    (bead) =>
      (withDeleted || !bead.deleted) &&
      (withSteps || moleculeField.read(bead) === undefined) &&
      passes(filter, values(bead)),
  );
}

function valuesOf(world: World): (bead: Bead) => FieldValues {
  const enrolled = rigs(world);
  return (bead) => (field) => {
    switch (field) {
      case "id":
        return [bead.id];
      case "status":
        return [bead.status];
      case "type":
        return [bead.issueType];
      case "label":
        return bead.labels;
      case "assignee":
        return [bead.assignee];
      case "parent":
        return bead.parent === undefined ? [] : [world.bead(bead.parent)?.id ?? bead.parent];
      case "priority":
        return [String(bead.priority)];
      case "title":
        return [bead.title];
      case "text":
        return [bead.title, ...textNames.map((name) => textField(bead, name))];
      case "rig":
        return [rigOfId(bead.id, enrolled)?.rig.name ?? ""];
      case "machine":
        return isHeld(bead) && bead.claim ? [bead.claim.machine] : [];
      case "created":
        return [bead.createdAt];
      case "updated":
        return [bead.updatedAt];
      case "closed":
        return bead.closedAt === undefined ? [] : [bead.closedAt];
      case "deferred":
        return [textField(bead, "defer_until")];
      case "work":
        return [String(isWork(bead))];
    }
  };
}

const textNames = ["description", "design", "acceptance_criteria", "notes"];
