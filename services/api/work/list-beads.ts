import type { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { type Bead, isHeld, textField } from "#services/ledger/bead.ts";
import {
  type FieldValues,
  type Filter,
  type FilterField,
  mayPass,
  mentions,
  parseFilter,
  passes,
  restrictions,
} from "#services/ledger/filter.ts";
import { belowActive } from "#services/ledger/lower-tiers.ts";
import { isWork, openWork } from "#services/ledger/readiness.ts";
import { rigOfId, rigs } from "#services/ledger/rigs.ts";
import { tiers } from "#services/ledger/tier.ts";
import { moleculeField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import type { ApiPorts } from "../api-ports.ts";
import { beadShower, weighBead } from "../bead-message.ts";
import { compareIds, cutPage } from "../page.ts";
import { takeTurns } from "../take-turns.ts";
import { refuseUnknown } from "./known-values.ts";

/** Beads that match a filter, by id, a page at a time. */
export function listBeads({
  ledger,
  nowMs,
}: ApiPorts): MethodImpl<typeof WorkService.method.listBeads> {
  const { world } = ledger;
  return async (request, { signal }) => {
    const query = request.filter.trim();
    const found = query === "" ? openWork(world) : await matches(world, parseFilter(query), signal);
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
async function matches(world: World, filter: Filter, signal: AbortSignal): Promise<Bead[]> {
  refuseUnknown(filter, world);
  const withDeleted = mentions(filter, "status", "tombstone");
  const fields = new Set(restrictions(filter).map(({ field }) => field));
  const withSteps =
    !fields.has("type") || ["work", "parent", "id"].some((f) => fields.has(f as FilterField));
  const values = valuesOf(world);
  const found: Bead[] = [];
  for await (const bead of takeTurns(candidates(world, filter, withDeleted), signal)) {
    const isMeant =
      (withDeleted || !bead.deleted) &&
      (withSteps || moleculeField.read(bead) === undefined) &&
      passes(filter, values(bead));
    if (isMeant) found.push(bead);
  }
  return found;
}

/** All that may pass: the tiers that hold only what has ended are not read where that cannot. */
function* candidates(world: World, filter: Filter, withDeleted: boolean): Iterable<Bead> {
  const isMeant = (bead: Lower) => mayPass(filter, (field) => bead[field as keyof Lower]);
  if (mayPass(filter, (field) => (field === "tier" ? ["active"] : undefined))) yield* world.all();
  const statuses = withDeleted ? ["closed", "tombstone"] : ["closed"];
  const kinds = lowerTiers.flatMap((tier) => {
    return statuses.map((status): Lower => ({ tier: [tier], status: [status], machine: [] }));
  });
  if (kinds.some(isMeant)) yield* belowActive(world);
}

/** What all beads of one kind below the active tier have in common. */
type Lower = {
  readonly tier: readonly string[];
  readonly status: readonly string[];
  /** Nobody holds what has ended. */
  readonly machine: readonly string[];
};

const lowerTiers = tiers.filter((tier) => tier !== "active");

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
      case "tier":
        return [bead.tier];
    }
  };
}

const textNames = ["description", "design", "acceptance_criteria", "notes"];
