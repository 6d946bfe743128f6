// The only file that knows the `nats` package: one connection, in this house's words.
import {
  AckPolicy,
  type Authenticator,
  connect,
  createInbox,
  credsAuthenticator,
  DeliverPolicy,
  DiscardPolicy,
  Events,
  headers,
  type Msg,
  type NatsConnection,
  NatsError,
  RetentionPolicy,
  StorageType,
  StoreCompression,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "nats";
import { TownError } from "../rpc/town-error.ts";
import type { Subscription } from "./bus.ts";
import type { Arrival, Pull } from "./pull.ts";
import type { StreamPlan } from "./stream.ts";

/** How a client shows who it is. */
export type NatsAuth =
  | { readonly token: string }
  | { readonly user: string; readonly password: string }
  /** The text of a `.creds` file. */
  | { readonly creds: string };

export type DialOptions = {
  readonly url: string | readonly string[];
  /** Shown in the server's list of connections. */
  readonly name: string;
  readonly auth?: NatsAuth;
  /** How long the dialling, and one answer of the store, may take. */
  readonly answerMaxMs: number;
  /** Permission violations, and what else the server says unasked. */
  readonly report: (error: TownError) => void;
};

/** An incoming message and, for a request, the way to answer. */
export type Incoming = {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly answer: (payload: Uint8Array, failed: boolean) => void;
};

/** One connection to a server. All of it ends with `ended`; nothing reconnects. */
export type NatsConnectionPort = {
  readonly version: string;
  readonly ended: AbortSignal;
  readonly publish: (subject: string, payload: Uint8Array) => void;
  /** `queue`: of all subscribers with the same one, one gets the message. */
  readonly subscribe: (
    subject: string,
    queue: string | undefined,
    handle: (message: Incoming) => void,
  ) => Subscription;
  readonly request: (
    subject: string,
    payload: Uint8Array,
    timeoutMs: number,
  ) => Promise<{ readonly payload: Uint8Array; readonly failed: boolean }>;
  /** Store a message. Throws `not_found` without the stream. */
  readonly store: (subject: string, payload: Uint8Array, dedupeId: string) => Promise<void>;
  /** The stream's state; undefined where there is none. */
  readonly stream: (name: string) => Promise<StreamState | undefined>;
  /** Throws `exhausted` where the server has no room for it. */
  readonly createStream: (plan: StreamPlan) => Promise<void>;
  /** When the message was stored, ms since the epoch; undefined if it is not there. */
  readonly storedAtMs: (stream: string, seq: number) => Promise<number | undefined>;
  /** A consumer of the messages from `startSeq`, that lives as long as it is asked. */
  readonly createConsumer: (consumer: ConsumerPlan) => Promise<void>;
  readonly openPull: (consumer: ConsumerName, arrive: (arrival: Arrival) => void) => PullPort;
  /** Resolves when the server has all that was sent. */
  readonly flush: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export type StreamState = {
  readonly createdAt: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
};
export type ConsumerName = { readonly stream: string; readonly consumer: string };
export type ConsumerPlan = ConsumerName & { readonly filter: string; readonly startSeq: number };
export type PullPort = { readonly ask: (pull: Pull) => void; readonly stop: () => void };

const failedHeader = "Gt-Failed";
const consumerIdleMaxMs = 60_000;
const codes = { streamMissing: 10_059, consumerMissing: 10_014, messageMissing: 10_037 };
const fullCodes = new Set([10_023, 10_028, 10_047, 10_077]);

/** Connect once. Throws `denied` where the server refuses us, else `unavailable`. */
export async function dialNats(options: DialOptions): Promise<NatsConnectionPort> {
  const nc = await translate("connect", () =>
    connect({
      servers: typeof options.url === "string" ? options.url : [...options.url],
      name: options.name,
      timeout: options.answerMaxMs,
      // A connection that is lost is replaced as a whole, so that no state of one leaks into the
      // next, and so that every timer is ours to stop.
      reconnect: false,
      pingInterval: 10_000,
      maxPingOut: 2,
      noAsyncTraces: true,
      ...(options.auth ? { authenticator: authenticator(options.auth) } : {}),
    }),
  );
  const ended = new AbortController();
  nc.closed().then(
    () => ended.abort(),
    () => ended.abort(),
  );
  reportStatus(nc, options.report).catch((error: unknown) => options.report(translated(error)));
  return {
    version: nc.info?.version ?? "unknown",
    ended: ended.signal,
    ...messagePorts(nc),
    ...(await storePorts(nc, options.answerMaxMs)),
    flush: () => translate("flush", () => nc.flush()),
    close: () => nc.close(),
  };
}

function messagePorts(nc: NatsConnection) {
  return {
    publish: (subject: string, payload: Uint8Array) => {
      if (!nc.isClosed()) nc.publish(subject, payload);
    },
    subscribe: (
      subject: string,
      queue: string | undefined,
      handle: (message: Incoming) => void,
    ): Subscription => {
      const callback = (error: Error | null, message: Msg) => {
        // What the server forbids comes here too, and is told by `reportStatus`.
        if (!error) handle(incoming(message));
      };
      const subscription = nc.subscribe(subject, { callback, ...(queue ? { queue } : {}) });
      return { stop: () => subscription.unsubscribe() };
    },
    request: (subject: string, payload: Uint8Array, timeoutMs: number) =>
      translate(subject, async () => {
        const message = await nc.request(subject, payload, { timeout: timeoutMs });
        return { payload: message.data, failed: message.headers?.has(failedHeader) ?? false };
      }),
  };
}

function incoming(message: Msg): Incoming {
  return {
    subject: message.subject,
    payload: message.data,
    answer: (payload, failed) => {
      const marks = headers();
      if (failed) marks.set(failedHeader, "1");
      message.respond(payload, failed ? { headers: marks } : {});
    },
  };
}

async function storePorts(nc: NatsConnection, timeout: number) {
  const js = nc.jetstream({ timeout });
  const jsm = await nc.jetstreamManager({ timeout, checkAPI: false });
  return {
    store: (subject: string, payload: Uint8Array, dedupeId: string) =>
      translate(subject, async () => {
        await js.publish(subject, payload, { msgID: dedupeId, timeout });
      }),
    stream: (name: string) =>
      orMissing(codes.streamMissing, async () => {
        const { created, state } = await jsm.streams.info(name);
        return { createdAt: created, firstSeq: state.first_seq, lastSeq: state.last_seq };
      }),
    createStream: ({ compress, ...config }: StreamPlan) =>
      translate(`stream ${config.name}`, async () => {
        await jsm.streams.add({
          ...config,
          retention: RetentionPolicy.Limits,
          storage: StorageType.File,
          discard: DiscardPolicy.Old,
          ...(compress ? { compression: StoreCompression.S2 } : {}),
        });
      }),
    storedAtMs: (stream: string, seq: number) =>
      orMissing(codes.messageMissing, async () =>
        (await jsm.streams.getMessage(stream, { seq })).time.getTime(),
      ),
    createConsumer: ({ stream, consumer, filter, startSeq }: ConsumerPlan) =>
      translate(`consumer of ${filter}`, async () => {
        await jsm.consumers.add(stream, {
          name: consumer,
          filter_subject: filter,
          deliver_policy: DeliverPolicy.StartSequence,
          opt_start_seq: startSeq,
          ack_policy: AckPolicy.None,
          inactive_threshold: consumerIdleMaxMs * 1e6,
          mem_storage: true,
          num_replicas: 1,
        });
      }),
    openPull: ({ stream, consumer }: ConsumerName, arrive: (arrival: Arrival) => void) => {
      const inbox = createInbox();
      const callback = (error: Error | null, message: Msg) => {
        arrive(error ? refusal(error) : arrival(message));
      };
      const subscription = nc.subscribe(inbox, { callback });
      return {
        ask: (pull: Pull) => {
          const { messages: batch, expiresMs } = pull;
          const body = JSON.stringify({ batch, expires: expiresMs * 1e6 });
          nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, body, { reply: inbox });
        },
        stop: () => {
          subscription.unsubscribe();
          // Best effort: an unused consumer ends by itself after a while.
          if (!nc.isClosed()) nc.publish(`$JS.API.CONSUMER.DELETE.${stream}.${consumer}`);
        },
      };
    },
  };
}

function arrival(message: Msg): Arrival {
  return {
    code: message.headers?.code ?? 0,
    description: message.headers?.description ?? "",
    subject: message.subject,
    reply: message.reply ?? "",
    payload: message.data,
  };
}

function refusal({ message }: Error): Arrival {
  return { code: 403, description: message, subject: "", reply: "", payload: new Uint8Array() };
}

function authenticator(auth: NatsAuth): Authenticator {
  if ("token" in auth) return tokenAuthenticator(auth.token);
  if ("creds" in auth) return credsAuthenticator(new TextEncoder().encode(auth.creds));
  return usernamePasswordAuthenticator(auth.user, auth.password);
}

async function reportStatus(nc: NatsConnection, report: DialOptions["report"]): Promise<void> {
  for await (const { type, data, permissionContext } of nc.status()) {
    if (type !== Events.Error) continue;
    if (permissionContext) {
      const { operation, subject } = permissionContext;
      report(new TownError("denied", `the bus does not allow ${operation} of ${subject}`));
    } else {
      report(new TownError("unavailable", `nats-server says: ${String(data)}`));
    }
  }
}

async function orMissing<T>(code: number, call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.err_code === code) return undefined;
    throw translated(error);
  }
}

async function translate<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw translated(error, what);
  }
}

/** A failure of NATS as a reason that a caller can act on. */
function translated(cause: unknown, what = "bus"): TownError {
  if (cause instanceof TownError) return cause;
  const said = cause instanceof Error ? cause.message : String(cause);
  const fail = (reason: TownError["reason"], text: string) =>
    new TownError(reason, `${what}: ${text}`, { cause });
  if (!(cause instanceof NatsError)) return fail("unavailable", said);
  const apiCode = cause.api_error?.err_code ?? 0;
  if (cause.isPermissionError() || cause.isAuthError()) return fail("denied", said);
  if (fullCodes.has(apiCode)) return fail("exhausted", said);
  if (apiCode === codes.streamMissing || apiCode === codes.consumerMissing) {
    return fail("not_found", said);
  }
  if (cause.code === "503") return fail("not_found", "nobody there");
  if (cause.code === "TIMEOUT") return fail("timeout", "no answer in time");
  if (cause.code === "MAX_PAYLOAD_EXCEEDED") return fail("invalid", "too large for this server");
  return fail("unavailable", said);
}
