import type { Bead } from "#services/ledger/bead.ts";
import { type Filter, type FilterField, restrictions } from "#services/ledger/filter.ts";
import { machinery } from "#services/ledger/readiness.ts";
import { rigs } from "#services/ledger/rigs.ts";
import { tiers } from "#services/ledger/tier.ts";
import type { World } from "#services/ledger/world.ts";
import type { Violation } from "#services/rpc/town-error.ts";
import { invalid } from "../check.ts";

/** The statuses that people, machines and the town itself give; others come by import only. */
export const statuses = [
  ...["open", "in_progress", "blocked", "deferred", "hooked", "pinned", "closed"],
] as const;

/** The types of work that people file; others come by import only. */
export const workTypes = [
  ...["task", "bug", "feature", "epic", "chore", "decision", "spike", "story", "milestone"],
] as const;

/** Types that people may file beside work. */
export const otherTypes = ["gate", "convoy", "role"] as const;

/**
 * Refuse a filter that asks for a status, type or rig that there is none of: whoever mistyped it
 * would take an empty list for an answer. What came by import is known too.
 */
export function refuseUnknown(filter: Filter, world: World): void {
  const violations = restrictions(filter).flatMap(({ field, op, value }): Violation[] => {
    // A prefix, a suffix, or that there is any or none, is no name.
    if (value === "" || value.includes("*") || !["=", "!=", ":"].includes(op)) return [];
    const known = knownOf(field, world);
    const wanted = value.toLowerCase();
    if (known === undefined || known.ours.includes(wanted)) return [];
    // By index, in all tiers. A status of its own is borne only by what is open.
    if (field === "type" && world.everyOfType(value).length > 0) return [];
    const there = [...new Set([...known.ours, ...known.imported()])].sort();
    if (there.includes(wanted)) return [];
    const names = there.join(", ") || "none yet";
    return [{ field: "filter", description: `no ${field} ${value}; there are: ${names}` }];
  });
  if (violations.length > 0) throw invalid(violations);
}

/** What everybody knows, and what only the beads show. */
type Known = { readonly ours: readonly string[]; readonly imported: () => readonly string[] };

function knownOf(field: FilterField, world: World): Known | undefined {
  const words = (of: (bead: Bead) => string) => () =>
    [...world.all()].map((bead) => of(bead).toLowerCase());
  switch (field) {
    case "rig":
      return { ours: rigs(world).map(({ rig }) => rig.name.toLowerCase()), imported: () => [] };
    case "status":
      return { ours: [...statuses, "tombstone"], imported: words(({ status }) => status) };
    case "type":
      return { ours: [...workTypes, ...machinery], imported: words((bead) => bead.issueType) };
    case "tier":
      return { ours: tiers, imported: () => [] };
    default:
      return undefined;
  }
}
