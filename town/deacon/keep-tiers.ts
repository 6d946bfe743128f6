import type { Ledger } from "#services/ledger/ledger.ts";
import { type MovedDown, moveDown } from "#services/ledger/move-down.ts";
import { type TierAges, upperTiers } from "#services/ledger/tiering.ts";

/** What keeping the tiers needs. */
export type TierPorts = {
  readonly ledger: Pick<Ledger, "world" | "append">;
  readonly nowMs: () => number;
  readonly ages: TierAges;
  /** Some beads went down. */
  readonly told: (moved: MovedDown) => void;
};

/** How often it is looked whether what ended is old enough to be kept out of memory. */
export const tierMs = 3_600_000;
/** How often all that is kept so is read, to see what is old enough for the archive. */
const deepMs = 24 * tierMs;

/** One round: what ended long ago, and nobody needs at hand, goes down. */
export function tierKeeper(ports: TierPorts): (signal: AbortSignal) => Promise<void> {
  const { ledger, nowMs, ages, told } = ports;
  let deepAtMs = Number.NEGATIVE_INFINITY;
  return async (signal) => {
    const atMs = nowMs();
    const isDeep = atMs - deepAtMs >= deepMs;
    const from = isDeep ? upperTiers : (["active"] as const);
    const moved = await moveDown(ledger, { ...ages, nowMs: atMs, actor: "deacon", signal, from });
    if (isDeep) deepAtMs = atMs;
    if (moved.recent + moved.archive > 0) told(moved);
  };
}
