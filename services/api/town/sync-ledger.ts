import type { TownService } from "#proto/gastown/v1/town_service_pb.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import type { LedgerSync } from "#services/ledger/sync.ts";
import { attempt } from "#services/ledger/sync-folder.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";

type SyncLedger = MethodImpl<typeof TownService.method.syncLedger>;

/** What looking at the remote takes; without `sync` there is no remote to look at. */
export type SyncLedgerPorts = {
  readonly ledger: Pick<Ledger, "onChange" | "gaps" | "alarms" | "settled">;
  readonly sync?: Pick<LedgerSync, "fetch" | "flush"> | undefined;
  readonly endpoint: string;
};

/** Look at the ledger's remote once, then push; that it is away is an answer, not a failure. */
export function syncLedger({ ledger, sync, endpoint }: SyncLedgerPorts): SyncLedger {
  return async (_, { signal }) => {
    if (!sync) throw new TownError("unimplemented", `${endpoint} does not sync its ledger`);
    const received = new Map<string, number>();
    const stop = ledger.onChange(({ event: { writer } }) => {
      received.set(writer, (received.get(writer) ?? 0) + 1);
    });
    const failure = await attempt(async () => {
      await sync.fetch();
      await ledger.settled();
      await sync.flush(signal);
    }).finally(stop);
    return {
      endpoint,
      received: [...received].map(([writer, events]) => ({ writer, events })),
      gaps: [...ledger.gaps()],
      alarms: ledger.alarms().map(({ kind, detail }) => `${kind}: ${detail}`),
      failure: failure?.message ?? "",
      isAway: isTownError(failure, "unavailable", "not_found", "timeout"),
    };
  };
}
