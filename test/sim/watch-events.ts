import { openEventLog } from "#services/api/event/event-log.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import type { Observation } from "../invariants/observation.ts";
import type { Random } from "./random.ts";
import type { SimProcess } from "./timeline.ts";

/** What somebody who watches a ledger has to know. */
export type WatchPorts = {
  readonly ledger: Ledger;
  readonly process: SimProcess;
  readonly random: Random;
  readonly nowMs: () => number;
  readonly see: (seen: Observation) => void;
};

/** Small, so that a slow reader meets the end of what is kept now and then. */
const keptMax = 64;

/** Follow the events of one process as a client of its API does, slower than they come at times. */
export async function followEvents(ports: WatchPorts): Promise<void> {
  const { ledger, process, random, nowMs, see } = ports;
  const log = openEventLog(ledger, keptMax);
  const watch = `${process.name} ${ledger.writer}`;
  const tell = (what: "from" | "event" | "gap" | "end", position: number) =>
    see({ kind: "watched", atMs: nowMs(), watch, what, position });
  let at = log.position();
  tell("from", at);
  const { signal } = new AbortController();
  for (;;) {
    await log.next(at, signal);
    await process.wait(random.percent(5) ? random.int(1_000, 20_000) : random.int(10, 500));
    try {
      for (const { position } of log.after(log.positionOf(log.token(at)))) {
        tell("event", position);
        at = position;
      }
    } catch (error) {
      if (!isTownError(error, "gap")) throw error;
      tell("gap", at);
      at = log.position();
      tell("from", at);
    }
  }
}
