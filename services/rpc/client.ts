import {
  clone,
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type DescService,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import {
  type CallOptions,
  Client as Channel,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import pRetry from "p-retry";
import { asIs, decode, encode, messageBytesMax, methodPath } from "./codec.ts";
import { fromServiceError } from "./errors.ts";
import { settleRequestId } from "./request-id.ts";
import { isTownError, TownError } from "./town-error.ts";

const unaryTimeoutMs = 15_000;

/** Whom to call, and as whom. */
export type ConnectOptions = {
  /** `host:port`, or `unix:` and a path. */
  readonly address: string;
  readonly token?: string;
  /** Who this is, where the server takes one's word for it: on its own host. */
  readonly principal?: string;
  /** How often a call that found nobody is repeated; 3 if not given. */
  readonly retriesMax?: number;
};

/** What one call may say for itself. */
export type CallLimits = {
  readonly signal?: AbortSignal;
  /** Unary calls: 15 s if not given. Streams: no end if not given. */
  readonly timeoutMs?: number;
};

type ClientMethod<M> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageInitShape<I>, limits?: CallLimits) => Promise<MessageShape<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageInitShape<I>, limits?: CallLimits) => AsyncIterable<MessageShape<O>>
      : never;

/**
 * A function for each method of a service. They fail with the TownError that the handler threw,
 * with `unavailable`, `timeout` or `cancelled`, or with a plain Error where the server has a bug.
 */
export type Client<S extends DescService> = {
  readonly [K in keyof S["method"]]: ClientMethod<S["method"][K]>;
};

/** One connection, made with the first call, and again whenever it broke. */
export type RpcClient = {
  readonly address: string;
  readonly client: <S extends DescService>(service: S) => Client<S>;
  readonly close: () => void;
};

type Wire = {
  readonly channel: Channel;
  readonly address: string;
  readonly metadata: Metadata;
  readonly retriesMax: number;
};

/** Call the server at an address. Nothing is sent, and nothing can fail, before the first call. */
export function connectRpc(options: ConnectOptions): RpcClient {
  const { address, token, principal, retriesMax = 3 } = options;
  const channel = new Channel(address, credentials.createInsecure(), {
    "grpc.max_receive_message_length": messageBytesMax,
    // Retries below are shorter than grpc-js's own second between two attempts to connect.
    "grpc.initial_reconnect_backoff_ms": 50,
    "grpc.max_reconnect_backoff_ms": 5_000,
    "grpc.enable_retries": 0,
    // A watch would otherwise never notice that its server's host has vanished.
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 10_000,
    ...(isLocal(address) && { "grpc.enable_http_proxy": 0 }),
  });
  const metadata = new Metadata();
  if (token) metadata.set("authorization", `Bearer ${token}`);
  if (principal) metadata.set("x-gastown-principal", principal);
  const wire = { channel, address, metadata, retriesMax };
  return {
    address,
    client: <S extends DescService>(service: S) => clientOf(service, wire) as Client<S>,
    close: () => channel.close(),
  };
}

function clientOf(service: DescService, wire: Wire): Record<string, unknown> {
  const methods: Record<string, unknown> = {};
  for (const method of service.methods) {
    if (method.methodKind === "unary") {
      methods[method.localName] = (request: MessageInitShape<DescMessage>, limits?: CallLimits) =>
        callUnary(wire, method, request, limits);
    } else if (method.methodKind === "server_streaming") {
      methods[method.localName] = (request: MessageInitShape<DescMessage>, limits?: CallLimits) =>
        callStream(wire, method, request, limits);
    }
  }
  return methods;
}

async function callUnary(
  wire: Wire,
  method: DescMethod,
  request: MessageInitShape<DescMessage>,
  { signal, timeoutMs = unaryTimeoutMs }: CallLimits = {},
): Promise<MessageShape<DescMessage>> {
  const bytes = encodeRequest(method, request);
  const deadlineMs = Date.now() + timeoutMs;
  const retrySafe = isRetrySafe(method);
  try {
    const answer = await pRetry(() => sendOnce(wire, method, bytes, deadlineMs, signal), {
      retries: wire.retriesMax,
      minTimeout: 100,
      maxTimeout: 1_000,
      randomize: true,
      shouldRetry: ({ error, retryDelay }) =>
        retrySafe && isTownError(error, "unavailable") && Date.now() + retryDelay < deadlineMs,
      ...(signal && { signal }),
    });
    return decode(method.output, answer);
  } catch (error) {
    throw signal?.aborted ? cancelled(wire, signal) : error;
  }
}

function sendOnce(
  { channel, address, metadata }: Wire,
  method: DescMethod,
  bytes: Buffer,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const answered = (error: ServiceError | null, answer?: Buffer): void => {
    signal?.removeEventListener("abort", cancel);
    if (error) reject(fromServiceError(error, address));
    else resolve(answer ?? Buffer.alloc(0));
  };
  const path = methodPath(method);
  const call = channel.makeUnaryRequest(path, asIs, asIs, bytes, metadata, { deadline }, answered);
  const cancel = () => call.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  return promise;
}

/** The call starts now, not with the first step, so that a watcher misses nothing. */
function callStream(
  wire: Wire,
  method: DescMethod,
  request: MessageInitShape<DescMessage>,
  { signal, timeoutMs }: CallLimits = {},
): AsyncIterable<MessageShape<DescMessage>> {
  if (signal?.aborted) throw cancelled(wire, signal);
  const bytes = encodeRequest(method, request);
  const limits: CallOptions = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
  const { channel, metadata } = wire;
  const path = methodPath(method);
  const call = channel.makeServerStreamRequest(path, asIs, asIs, bytes, metadata, limits);
  // Kept from the start: grpc-js tells of a failure once, perhaps before anyone iterates.
  let failure: ServiceError | undefined;
  call.on("error", (error: ServiceError) => {
    failure = error;
  });
  const cancel = () => call.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  call.once("status", () => signal?.removeEventListener("abort", cancel));
  return readStream(wire, method.output, call, () => failure, signal);
}

async function* readStream(
  wire: Wire,
  output: DescMessage,
  call: ClientReadableStream<Buffer>,
  failure: () => ServiceError | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<MessageShape<DescMessage>> {
  const messages = call.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  try {
    for await (const bytes of messages) {
      signal?.throwIfAborted();
      yield decode(output, bytes);
    }
    const failed = failure();
    if (failed) throw failed;
  } catch (error) {
    if (signal?.aborted) throw cancelled(wire, signal);
    throw error === failure() ? fromServiceError(error as ServiceError, wire.address) : error;
  } finally {
    call.cancel(); // What the reader leaves unread is nobody's; after the end this does nothing.
  }
}

/** A copy, with a request id of its own, so that each repetition is the same request. */
function encodeRequest(method: DescMethod, request: MessageInitShape<DescMessage>): Buffer {
  const message = clone(method.input, create(method.input, request));
  settleRequestId(method.input, message);
  return encode(method.input, message);
}

/**
 * Whether a call whose fate is unknown may be sent again. Of ours every mutation has a request id,
 * so what has none is a read; others must say so in their schema.
 */
function isRetrySafe(method: DescMethod): boolean {
  const ours = method.parent.typeName.startsWith("gastown.");
  return ours || method.idempotency !== Idempotency.IDEMPOTENCY_UNKNOWN;
}

function cancelled({ address }: Wire, signal: AbortSignal): TownError {
  return new TownError("cancelled", `the call to ${address} was cancelled`, {
    cause: signal.reason,
  });
}

/** An address on this host, which no proxy can reach. */
function isLocal(address: string): boolean {
  return /^(unix:|localhost:|127\.|\[::1\])/.test(address);
}
