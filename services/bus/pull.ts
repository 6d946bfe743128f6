import type { StoredMessage } from "./consumer.ts";
import type { Queue } from "./queue.ts";

/** A message from JetStream: a stored one (code 0), or a status. */
export type Arrival = {
  readonly code: number;
  readonly description: string;
  readonly subject: string;
  /** Where an acknowledgement would go; its tokens number the message. */
  readonly reply: string;
  readonly payload: Uint8Array;
};

/** What one request to JetStream asks for. */
export type Pull = { readonly messages: number; readonly expiresMs: number };

/** Few enough to hold in memory at the largest size, enough to hide the round trip. */
const pull: Pull = { messages: 64, expiresMs: 20_000 };

/** JetStream answers each pull by its end, so a longer silence means that the consumer is gone. */
const silentMaxMs = pull.expiresMs + 5_000;

const ended = new Set([404, 408]);

/**
 * Pull until `signal` is raised, or until anything is out of order: a status that is not the end
 * of a pull, a gap, a silence. Whoever attaches again goes on after the last message handled.
 */
export async function* pullMessages(
  ask: (pull: Pull) => void,
  arrivals: Queue<Arrival>,
  signal: AbortSignal,
): AsyncGenerator<StoredMessage> {
  let delivered = 0;
  while (!signal.aborted) {
    ask(pull);
    for (let left = pull.messages; left > 0; left--) {
      const arrival = await arrivals.take(silentMaxMs, signal);
      if (!arrival) return;
      if (ended.has(arrival.code)) break;
      const delivery = arrival.code === 0 ? parseDelivery(arrival.reply) : undefined;
      if (!delivery || delivery.deliverySeq !== delivered + 1) return;
      delivered = delivery.deliverySeq;
      const { subject, payload } = arrival;
      yield { subject, payload, seq: delivery.seq, storedAtMs: delivery.storedAtMs };
    }
  }
}

/**
 * Read the numbers of a delivered message from its reply subject,
 * `$JS.ACK[.<domain>.<account>].<stream>.<consumer>.<count>.<seq>.<delivery seq>.<ns>.<pending>`.
 */
export function parseDelivery(
  reply: string,
): { seq: number; deliverySeq: number; storedAtMs: number } | undefined {
  const tokens = reply.split(".");
  if (tokens[0] !== "$JS" || tokens[1] !== "ACK") return undefined;
  const first = tokens.length === 9 ? 5 : 7;
  const [seq, deliverySeq, storedAtNs] = tokens.slice(first, first + 3).map(Number);
  if (!seq || !deliverySeq || !storedAtNs) return undefined;
  return { seq, deliverySeq, storedAtMs: Math.floor(storedAtNs / 1e6) };
}
