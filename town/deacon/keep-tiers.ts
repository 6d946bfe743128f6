import type { Ledger } from "#services/ledger/ledger.ts";
import { type MovedDown, moveDown } from "#services/ledger/move-down.ts";
import type { TierAges } from "#services/ledger/tiering.ts";

/** What keeping the tiers needs. */
export type TierPorts = {
  readonly ledger: Pick<Ledger, "world" | "append">;
  readonly nowMs: () => number;
  readonly ages: TierAges;
  /** Some beads went down. */
  readonly told: (moved: MovedDown) => void;
};

/** How often it is looked whether ended beads are old enough to be kept lower. */
export const tierMs = 3_600_000;

/** One round: what ended long ago, and nobody needs at hand, goes down. */
export async function keepTiers(ports: TierPorts, signal: AbortSignal): Promise<void> {
  const { ledger, nowMs, ages, told } = ports;
  const moved = await moveDown(ledger, { ...ages, nowMs: nowMs(), actor: "deacon", signal });
  if (moved.recent + moved.archive > 0) told(moved);
}
