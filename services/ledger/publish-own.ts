import type { Bus } from "#services/bus/bus.ts";
import { ledgerSubject, payloadBytesMax } from "#services/bus/subjects.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import type { LedgerEvent } from "./event.ts";
import type { Ledger } from "./ledger.ts";

type PublishOptions = {
  readonly town: string;
  readonly ledger: Ledger;
  readonly bus: Bus;
  readonly report: (error: unknown, actor: string) => void;
};

/** Publish our own durable events; those of one moment share a message. Git brings what fails. */
export function publishOwn(options: PublishOptions): () => void {
  const { ledger, bus, town, report } = options;
  const subject = ledgerSubject(town, ledger.writer);
  let waiting: LedgerEvent[] = [];
  const send = (events: readonly LedgerEvent[]) => {
    const first = events[0];
    if (!first) return;
    const payload = new TextEncoder().encode(events.map(({ line }) => line).join("\n"));
    const dedupeId = `${first.writer}:${first.seq}+${events.length}`;
    bus.publish(subject, payload, dedupeId).catch((error) => {
      if (!isTownError(error, "unavailable", "timeout")) report(error, "ledger-publish");
    });
  };
  const flush = () => {
    const events = waiting;
    waiting = [];
    for (const message of messages(events)) send(message);
  };
  return ledger.onChange(({ event }) => {
    if (event.writer !== ledger.writer) return;
    if (waiting.push(event) === 1) queueMicrotask(flush);
  });
}

/** Events in messages that the bus takes; one that is too large alone is left to git. */
export function messages(events: readonly LedgerEvent[]): LedgerEvent[][] {
  const split: LedgerEvent[][] = [];
  let roomBytes = 0;
  for (const event of events) {
    const bytes = Buffer.byteLength(event.line) + 1;
    if (bytes > payloadBytesMax) continue;
    const last = split.at(-1);
    if (last && bytes <= roomBytes) {
      last.push(event);
      roomBytes -= bytes;
    } else {
      split.push([event]);
      roomBytes = payloadBytesMax - bytes;
    }
  }
  return split;
}
