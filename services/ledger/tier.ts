/**
 * How near a bead is kept: in memory; one indexed read away; in compressed blocks by month. All of
 * them are found, and come up again when anything happens to them.
 */
export const tiers = ["active", "recent", "archive"] as const;
export type Tier = (typeof tiers)[number];

/** A tier by its name; a later version's is the lowest. */
export function readTier(name: unknown): Tier {
  return tiers.find((tier) => tier === name) ?? "archive";
}
