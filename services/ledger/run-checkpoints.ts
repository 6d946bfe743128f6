import { setImmediate } from "node:timers/promises";
import { type Actor, runActor } from "#services/lifecycle/actor.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import type { Ledger } from "./ledger.ts";

/** A home's checkpoint, beside its journal. */
export const checkpointFile = "checkpoint.db";

const everyMs = 60_000;
/** A restart folds at most about this many events, whatever happened in the last minute. */
const eventsMax = 4_096;

/** So many beads are looked at before others get their turn. */
const beadsAtOnce = 64;

/** Keep the checkpoint near: once a minute, and sooner where much happens. An idle one is left. */
export function runLedgerCheckpoints(options: {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly report: (error: unknown, actor: string) => void;
}): Actor {
  const { ledger, clock, signal, report } = options;
  let events = 0;
  let isWarm = false;
  let told = "";
  const attempt = async () => {
    try {
      await ledger.checkpoint();
      told = "";
    } catch (error) {
      if (!isTownError(error)) throw error;
      if (error.message === told) return; // The next one tries again; said once is enough.
      told = error.message;
      const detail = `${told}; until then the ledger goes on, with all that is new in memory`;
      ledger.alarm({ kind: "checkpoint", detail });
    }
  };
  const actor = runActor({
    name: "checkpoint",
    clock,
    signal,
    report,
    everyMs,
    round: async () => {
      events = 0;
      if (!isWarm) await warm(ledger, signal);
      isWarm = true;
      await attempt();
    },
  });
  ledger.onChange(() => {
    events += 1;
    if (events === eventsMax) actor.ring();
  });
  return actor;
}

/** Look at every bead of the active tier once, so that nobody who lists them waits for that. */
async function warm({ world }: Ledger, signal: AbortSignal): Promise<void> {
  let looked = 0;
  for (const _ of world.all()) {
    looked += 1;
    if (looked % beadsAtOnce > 0) continue;
    await setImmediate();
    if (signal.aborted) return;
  }
}
