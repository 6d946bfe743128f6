import type { TownService } from "#proto/gastown/v1/town_service_pb.ts";
import { compactLedger, type LedgerBytes } from "#services/ledger/compact.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { tierAges } from "#services/ledger/tiering.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { invalid } from "../check.ts";

type CompactLedger = MethodImpl<typeof TownService.method.compactLedger>;

/** What compacting takes. */
export type CompactPorts = {
  readonly ledger: Ledger;
  readonly home: string;
  readonly endpoint: string;
  readonly nowMs: () => number;
};

/** Move down what ended long ago, take a checkpoint, pack the clone. */
export function compact({ ledger, home, endpoint, nowMs }: CompactPorts): CompactLedger {
  return async (request, { principal, signal }) => {
    const ages = {
      recentDays: request.recentDays ?? tierAges.recentDays,
      archiveDays: request.archiveDays ?? tierAges.archiveDays,
    };
    for (const [field, days] of [
      ["recent_days", ages.recentDays],
      ["archive_days", ages.archiveDays],
    ] as const) {
      if (days >= 0) continue;
      throw invalid([{ field, description: "must be a number of days, not below 0" }]);
    }
    if (ages.archiveDays < ages.recentDays) {
      const description = `must not be below recent_days (${ages.recentDays})`;
      throw invalid([{ field: "archive_days", description }]);
    }
    const options = { ledger, home, ages, actor: principal, nowMs, signal };
    const { moved, active, beads, before, after } = await compactLedger(options);
    return {
      endpoint,
      movedToRecent: moved.recent,
      movedToArchive: moved.archive,
      active,
      beads,
      before: bytes(before),
      after: bytes(after),
    };
  };
}

function bytes({ journal, checkpoint, clone }: LedgerBytes) {
  return { journal: BigInt(journal), checkpoint: BigInt(checkpoint), clone: BigInt(clone) };
}
