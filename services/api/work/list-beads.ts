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
import { type Found, FoundBelow } from "./found-below.ts";
import { refuseUnknown } from "./known-values.ts";

/** Beads that match a filter, by id, a page at a time. */
export function listBeads({
  ledger,
  nowMs,
}: ApiPorts): MethodImpl<typeof WorkService.method.listBeads> {
  const { world } = ledger;
  const below = new FoundBelow(ledger, nowMs);
  const matches = async (query: string, isFirst: boolean, signal: AbortSignal) => {
    const filter = parseFilter(query);
    const isMatch = matcher(world, filter);
    const upper = reachesActive(filter) ? await gather(world.all(), isMatch, signal) : [];
    const lower = reachesBelow(filter)
      ? await below.of(query, isFirst, () => gather(belowActive(world), isMatch, signal))
      : [];
    // What went down while it was read is found once.
    return [...new Map([...upper, ...lower].map((each) => [each.uid, each])).values()];
  };
  return async (request, { signal }) => {
    const query = request.filter.trim();
    const isFirst = request.pageToken === "";
    const found: Found[] = query === "" ? openWork(world) : await matches(query, isFirst, signal);
    found.sort((a, b) => compareIds(a.id, b.id));
    const page = cutPage(found, request, query, {
      key: ({ id }) => id,
      compare: compareIds,
      weigh: ({ uid }) => weighBead(world.bead(uid) ?? missing(uid)),
    });
    const show = beadShower(world, nowMs());
    return {
      beads: page.items.map(({ uid }) => show(world.bead(uid) ?? missing(uid))),
      nextPageToken: page.nextPageToken,
      totalSize: found.length,
    };
  };
}

function missing(uid: string): never {
  throw new Error(`bead ${uid} is not there after it was found`);
}

async function gather(
  beads: Iterable<Bead>,
  isMatch: (bead: Bead) => boolean,
  signal: AbortSignal,
): Promise<Found[]> {
  const found: Found[] = [];
  for await (const bead of takeTurns(beads, signal)) if (isMatch(bead)) found.push(bead);
  return found;
}

/**
 * Deleted beads are found by those only who ask for them. Steps bear the type of work, so that they
 * are found by who asks for more than a type.
 */
function matcher(world: World, filter: Filter): (bead: Bead) => boolean {
  refuseUnknown(filter, world);
  const withDeleted = asksForDeleted(filter);
  const fields = new Set(restrictions(filter).map(({ field }) => field));
  const withSteps =
    !fields.has("type") || ["work", "parent", "id"].some((f) => fields.has(f as FilterField));
  const values = valuesOf(world);
  return (bead) =>
    (withDeleted || !bead.deleted) &&
    (withSteps || moleculeField.read(bead) === undefined) &&
    passes(filter, values(bead));
}

function asksForDeleted(filter: Filter): boolean {
  return mentions(filter, "status", "tombstone");
}

/** Whether something of the active tier may pass. */
function reachesActive(filter: Filter): boolean {
  return mayPass(filter, (field) => (field === "tier" ? ["active"] : undefined));
}

/** Whether something below it may: what holds only what has ended is not read where that cannot. */
function reachesBelow(filter: Filter): boolean {
  const statuses = asksForDeleted(filter) ? ["closed", "tombstone"] : ["closed"];
  const kinds = lowerTiers.flatMap((tier) => {
    return statuses.map((status): Lower => ({ tier: [tier], status: [status], machine: [] }));
  });
  return kinds.some((kind) => mayPass(filter, (field) => kind[field as keyof Lower]));
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
