import { randomUUID } from "node:crypto";
import { isTownError, TownError } from "../rpc/town-error.ts";
import type { Feed, StoredMessage } from "./consumer.ts";
import type { NatsConnectionPort, StreamState } from "./nats.ts";
import { type Position, resume } from "./position.ts";
import { type Arrival, pullMessages } from "./pull.ts";
import { createQueue } from "./queue.ts";
import { type StreamLimits, streamBytesMin, streamName, streamPlan } from "./stream.ts";

/** A town's stored messages, as seen over one connection. */
export type NatsStore = {
  /** Make the stream where it is missing, so that the first messages need not be sent twice. */
  readonly prepare: () => Promise<void>;
  readonly publish: (subject: string, payload: Uint8Array, dedupeId: string) => Promise<void>;
  readonly open: (
    pattern: string,
    from: "all" | "new",
    last: Position | undefined,
    signal: AbortSignal,
  ) => Promise<Feed>;
};

export type NatsStoreOptions = {
  readonly name: string;
  readonly town: string;
  readonly stream: StreamLimits;
  readonly notice: (text: string) => void;
};

/** The stream is made when it is first missed, also where it is wiped under a living connection. */
export function createNatsStore(
  connection: NatsConnectionPort,
  options: NatsStoreOptions,
): NatsStore {
  const { name, town } = options;
  let making: Promise<StreamState> | undefined;
  const ensure = async () => {
    // Many publishes may miss the stream at once; one makes it.
    making ??= ensureStream(connection, options).finally(() => {
      making = undefined;
    });
    return making;
  };
  return {
    prepare: async () => {
      await ensure();
    },
    publish: async (subject, payload, dedupeId) => {
      try {
        // Not ahead of those that wait for the stream: a writer's messages keep their order.
        await making;
        await connection.store(subject, payload, dedupeId).catch(async (error: unknown) => {
          if (!isTownError(error, "not_found")) throw error;
          await ensure();
          await connection.store(subject, payload, dedupeId);
        });
      } catch (error) {
        throw whenEnded(error, connection, "timeout", "not_found");
      }
    },
    open: async (pattern, from, last, signal) => {
      const stream = streamName(town);
      const state = await ensure();
      const storedAtMs = last && (await lastStoredAtMs(connection, stream, state, last));
      const { createdAt: storeId, lastSeq } = state;
      const position = resume(last, from, { storeId, lastSeq, storedAtMs });
      const consumer = `${name.replaceAll(/[^A-Za-z0-9-]/g, "_")}-${randomUUID().slice(0, 8)}`;
      const startSeq = position.seq + 1;
      await connection.createConsumer({ stream, consumer, filter: pattern, startSeq });
      return { position, messages: feed(connection, { stream, consumer }, signal) };
    },
  };
}

/**
 * A call that failed because the link ended under it, or for one of `retryable`, may be tried
 * again: `unavailable`. Any other error comes back as it is.
 */
export function whenEnded(
  error: unknown,
  { ended }: NatsConnectionPort,
  ...retryable: TownError["reason"][]
): unknown {
  if (!isTownError(error)) return error;
  const mayRetry = ended.aborted || retryable.includes(error.reason);
  return mayRetry ? new TownError("unavailable", error.message, { cause: error }) : error;
}

/** The town's stream, made where it is missing, smaller where the server has less room. */
async function ensureStream(
  connection: NatsConnectionPort,
  { town, stream, notice }: NatsStoreOptions,
): Promise<StreamState> {
  const name = streamName(town);
  let bytesMax = stream.bytesMax;
  for (;;) {
    const state = await connection.stream(name);
    if (state) return state;
    try {
      await connection.createStream(streamPlan(town, { ...stream, bytesMax }, connection.version));
    } catch (error) {
      if (!isTownError(error, "exhausted") || bytesMax / 2 < streamBytesMin) throw error;
      bytesMax = Math.floor(bytesMax / 2);
      notice(`the server has no room for the town's stream; trying with ${bytesMax} bytes`);
    }
  }
}

/** When the message that was handled last was stored, if the store still has one of its number. */
async function lastStoredAtMs(
  connection: NatsConnectionPort,
  stream: string,
  state: StreamState,
  { seq, storeId, storedAtMs }: Position,
): Promise<number | undefined> {
  const isKept = storeId === state.createdAt && seq >= state.firstSeq && seq <= state.lastSeq;
  if (!isKept || storedAtMs === undefined) return undefined;
  return connection.storedAtMs(stream, seq);
}

async function* feed(
  connection: NatsConnectionPort,
  consumer: { readonly stream: string; readonly consumer: string },
  signal: AbortSignal,
): AsyncGenerator<StoredMessage> {
  const ended = new AbortController();
  const end = () => ended.abort();
  const arrivals = createQueue<Arrival>();
  const pull = connection.openPull(consumer, arrivals.push);
  connection.ended.addEventListener("abort", end);
  signal.addEventListener("abort", end);
  if (connection.ended.aborted || signal.aborted) end();
  try {
    yield* pullMessages(pull.ask, arrivals, ended.signal);
  } finally {
    connection.ended.removeEventListener("abort", end);
    signal.removeEventListener("abort", end);
    pull.stop();
  }
}
