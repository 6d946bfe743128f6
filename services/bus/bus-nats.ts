import { isTownError, TownError } from "../rpc/town-error.ts";
import type { Bus, Responder, SignalHandler, Subscription } from "./bus.ts";
import { type ConsumerPorts, startConsumer } from "./consumer.ts";
import { createLink, createListeners, type Link } from "./link.ts";
import { dialNats, type Incoming, type NatsAuth, type NatsConnectionPort } from "./nats.ts";
import { decodeFailure, encodeFailure } from "./reply.ts";
import { consumerRetry, linkRetry, pause, type RetryLimits, retryDelayMs } from "./retry-delay.ts";
import { createNatsStore, type NatsStore, whenEnded } from "./store-nats.ts";
import { type StreamLimits, serverNotice, streamLimits } from "./stream.ts";
import { checkConsumable, checkPattern, checkStorable, checkSubject } from "./subjects.ts";

export type NatsBusOptions = {
  readonly url: string | readonly string[];
  /** Shown in the server's list of connections. */
  readonly name: string;
  readonly town: string;
  readonly auth?: NatsAuth;
  readonly stream?: StreamLimits;
  /** How long one try to connect, and one answer of the store, may take. */
  readonly answerMaxMs?: number;
  readonly linkRetry?: RetryLimits;
  readonly consumerRetry?: RetryLimits;
  /** Told, once each, what this server cannot do and what was done instead. */
  readonly notice?: (text: string) => void;
  /** Raised at shutdown: closes the bus. */
  readonly signal?: AbortSignal;
};

type Connection = NatsConnectionPort & { readonly stored: NatsStore };

type Opener = Subscription & { readonly open: (connection: NatsConnectionPort) => void };

type Client = {
  readonly options: NatsBusOptions;
  readonly link: Link;
  readonly answerMaxMs: number;
  readonly report: (error: unknown) => void;
  readonly notice: (text: string) => void;
  /** What to open on each new connection, until stopped. */
  readonly openers: Set<Opener>;
  connection: Connection | undefined;
  version: string;
};

/**
 * A client of a nats-server. Resolves when the first try to connect has ended, well or not: with
 * the server away the bus is down, and comes up by itself.
 */
export async function connectNatsBus(options: NatsBusOptions): Promise<Bus> {
  const errors = createListeners<Error>();
  const closed = new AbortController();
  const client: Client = {
    options,
    link: createLink(),
    answerMaxMs: options.answerMaxMs ?? 5_000,
    report: (error) => errors.tell(error instanceof Error ? error : new Error(String(error))),
    notice: onceEach(options.notice ?? (() => undefined)),
    openers: new Set(),
    connection: undefined,
    version: "unknown",
  };
  const { link } = client;
  const tried = Promise.withResolvers<void>();
  const running = keepConnected(client, tried.resolve, closed.signal);
  const close = async () => {
    closed.abort();
    await closeConnection(client);
    await running;
  };
  if (options.signal?.aborted) closed.abort();
  // An ended bus reports nothing more, and a failed close of a socket leaves nothing to do.
  const onAbort = () => void close().catch(client.report);
  options.signal?.addEventListener("abort", onAbort, { once: true, signal: closed.signal });
  await tried.promise;

  return {
    kind: "nats",
    get version() {
      return client.version;
    },
    isUp: link.isUp,
    onLink: link.onLink,
    onError: errors.add,
    close,
    publish: async (subject, payload, dedupeId) => {
      checkStorable(subject, payload);
      await need(client).stored.publish(subject, payload, dedupeId);
    },
    consume: async (pattern, handle, where) => {
      checkConsumable(pattern);
      return startConsumer(consumerPorts(client, pattern, where), handle, closed.signal);
    },
    signal: (subject, payload) => {
      checkSubject(subject);
      if (link.isUp()) client.connection?.publish(subject, payload);
    },
    listen: (pattern, handle) => listen(client, pattern, handle),
    respond: (pattern, answer) => respond(client, pattern, answer),
    request: async (subject, payload, timeoutMs) => {
      checkSubject(subject);
      return request(client, subject, payload, timeoutMs);
    },
  };
}

/** Dial, live on the connection until it ends, and again, until closed. */
async function keepConnected(
  client: Client,
  tried: () => void,
  closed: AbortSignal,
): Promise<void> {
  let failures = 0;
  let lastFailure = "";
  while (!closed.aborted) {
    try {
      const connection = await dial(client);
      failures = 0;
      lastFailure = "";
      if (closed.aborted) await connection.close();
      else await live(client, withStore(client, connection), tried);
    } catch (error) {
      failures += 1;
      const failure = error instanceof Error ? error.message : String(error);
      // One failed try is no news, and the same news is told once.
      if (failures > 1 && failure !== lastFailure) {
        lastFailure = failure;
        client.report(error);
      }
    }
    tried();
    const waitMs = retryDelayMs(failures + 1, client.options.linkRetry ?? linkRetry, Math.random());
    await pause(waitMs, closed);
  }
  tried();
}

async function dial({ options, answerMaxMs, report }: Client): Promise<NatsConnectionPort> {
  const { url, name, auth } = options;
  return dialNats({ url, name, answerMaxMs, report, ...(auth ? { auth } : {}) });
}

async function live(client: Client, connection: Connection, tried: () => void): Promise<void> {
  const gone = Promise.withResolvers<void>();
  connection.ended.addEventListener("abort", () => gone.resolve());
  if (connection.ended.aborted) gone.resolve();
  client.connection = connection;
  client.version = connection.version;
  try {
    for (const { open } of client.openers) open(connection);
    await connection.flush();
    // Signals work without a store, and whoever needs it is told by the call that does.
    await connection.stored.prepare().catch(() => undefined);
    const notice = serverNotice(connection.version);
    if (notice) client.notice(notice);
    client.link.set(true);
    tried();
    await gone.promise;
  } finally {
    client.connection = undefined;
    client.link.set(false);
    await connection.close();
  }
}

async function closeConnection(client: Client): Promise<void> {
  const { connection, link, answerMaxMs } = client;
  // First, so that the server gives no request to one who will not answer.
  for (const opener of [...client.openers]) opener.stop();
  if (!connection) return;
  const flushed = new AbortController();
  // What was signalled last should still leave, if the server takes it.
  const flush = connection.flush().then(
    () => flushed.abort(),
    () => flushed.abort(),
  );
  await Promise.race([flush, pause(Math.min(1_000, answerMaxMs), flushed.signal)]);
  flushed.abort();
  link.set(false);
  await connection.close();
}

function withStore({ options, notice }: Client, connection: NatsConnectionPort): Connection {
  const { name, town, stream = streamLimits } = options;
  return { ...connection, stored: createNatsStore(connection, { name, town, stream, notice }) };
}

function onceEach(tell: (text: string) => void): (text: string) => void {
  const told = new Set<string>();
  return (text) => {
    if (told.has(text)) return;
    told.add(text);
    tell(text);
  };
}

function need({ connection, link }: Client): Connection {
  if (connection && link.isUp()) return connection;
  throw new TownError("unavailable", "the bus is away");
}

function consumerPorts(
  client: Client,
  pattern: string,
  { from, after }: Parameters<Bus["consume"]>[2],
): ConsumerPorts {
  return {
    after,
    isUp: client.link.isUp,
    untilUp: client.link.untilUp,
    report: client.report,
    retry: client.options.consumerRetry ?? consumerRetry,
    open: async (last, signal) => need(client).stored.open(pattern, from, last, signal),
  };
}

async function request(
  client: Client,
  subject: string,
  payload: Uint8Array,
  timeoutMs: number,
): Promise<Uint8Array> {
  const connection = need(client);
  const answer = await connection.request(subject, payload, timeoutMs).catch((error: unknown) => {
    if (!isTownError(error, "not_found")) throw whenEnded(error, connection);
    throw new TownError("unavailable", `nobody answers ${subject}`, { cause: error });
  });
  if (answer.failed) throw decodeFailure(answer.payload, subject);
  return answer.payload;
}

function listen(client: Client, pattern: string, handle: SignalHandler): Subscription {
  checkPattern(pattern);
  return open(client, pattern, undefined, ({ payload, subject }) => {
    try {
      handle(payload, subject);
    } catch (error) {
      client.report(error);
    }
  });
}

/** One responder of a subject gets each request, however many there are. */
const respondersQueue = "gt";

function respond(client: Client, pattern: string, respondTo: Responder): Subscription {
  checkPattern(pattern);
  const answer = async ({ payload, subject, answer: send }: Incoming) => {
    try {
      send(await respondTo(payload, subject), false);
    } catch (error) {
      // An expected failure is the caller's to report; a bug is the responder's.
      if (!isTownError(error)) client.report(error);
      send(encodeFailure(error), true);
    }
  };
  return open(client, pattern, respondersQueue, (message) => {
    answer(message).catch(client.report);
  });
}

/** Subscribe on this connection and on each that follows it, until stopped. */
function open(
  client: Client,
  pattern: string,
  queue: string | undefined,
  handle: (message: Incoming) => void,
): Subscription {
  let subscription: Subscription | undefined;
  const opener: Opener = {
    open: (connection) => {
      subscription = connection.subscribe(pattern, queue, handle);
    },
    stop: () => {
      client.openers.delete(opener);
      subscription?.stop();
    },
  };
  client.openers.add(opener);
  if (client.connection && !client.connection.ended.aborted) opener.open(client.connection);
  return { stop: opener.stop };
}
