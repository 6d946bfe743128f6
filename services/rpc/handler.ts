import { once } from "node:events";
import type { DescMethod, Message } from "@bufbuild/protobuf";
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  type Metadata,
  type ServerUnaryCall,
  type ServerWritableStream,
  status,
} from "@grpc/grpc-js";
import { decode, encode, methodName } from "./codec.ts";
import { codeName, type Failure, toFailure } from "./errors.ts";
import type { LiveCalls } from "./live-calls.ts";
import type { CallContext, Handler } from "./method.ts";
import { settleRequestId } from "./request-id.ts";
import { isTownError, TownError } from "./town-error.ts";
import { orAborted, untilAborted } from "./until-aborted.ts";

/** Who a caller says it is, and whether it is on this host (a unix socket, or loopback). */
export type Credentials = { token?: string; claimed?: string; local: boolean };

/** One call that has ended, for logs and figures. */
export type CallRecord = {
  readonly method: string;
  /** Empty where the caller was refused before it had a name. */
  readonly principal: string;
  readonly code: string;
  readonly elapsedMs: number;
};

/** What handlers need of the server that they run in. */
export type HandlerPorts = {
  readonly authenticate: (credentials: Credentials) => string;
  readonly isLocal: (peer: string) => boolean;
  readonly live: LiveCalls;
  readonly onCall: (record: CallRecord) => void;
  readonly onBug: (error: unknown, call: { method: string; requestId: string }) => void;
};

type AnyCall = ServerUnaryCall<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>;

/** A unary method as grpc-js calls it. */
export function unaryHandler(
  method: DescMethod,
  handler: Handler | undefined,
  ports: HandlerPorts,
): handleUnaryCall<Buffer, Buffer> {
  return async (call, reply) => {
    const opened = openCall(method, call, ports);
    try {
      const { request, context } = opened.admit();
      const work = implemented(handler, method)(request, context) as Promise<Message>;
      work.catch(opened.reportLate);
      const response = await orAborted(work, context.signal);
      const bytes = encode(method.output, response);
      opened.close(status.OK);
      reply(null, bytes);
    } catch (error) {
      reply(opened.fail(error));
    }
  };
}

/** A server-streaming method as grpc-js calls it: no faster than its reader reads. */
export function streamHandler(
  method: DescMethod,
  handler: Handler | undefined,
  ports: HandlerPorts,
): handleServerStreamingCall<Buffer, Buffer> {
  return async (call) => {
    const opened = openCall(method, call, ports);
    const { signal } = opened;
    try {
      const { request, context } = opened.admit();
      const source = implemented(handler, method)(request, context) as AsyncIterable<Message>;
      for await (const message of untilAborted(source, signal, opened.reportLate)) {
        const room = call.write(encode(method.output, message));
        if (!room) await once(call, "drain", { signal });
      }
      opened.close(status.OK);
      call.end();
    } catch (error) {
      // grpc-js sends this status after the messages that are still on their way.
      call.emit("error", opened.fail(error));
    }
  };
}

function implemented(handler: Handler | undefined, method: DescMethod) {
  if (handler) return handler as (request: Message, context: CallContext) => unknown;
  throw new TownError("unimplemented", `${methodName(method)} is not served at this endpoint`);
}

/** The state of one call: its signal, its clock, and its one record when it ends. */
function openCall(method: DescMethod, call: AnyCall, ports: HandlerPorts) {
  const startedMs = performance.now();
  const name = methodName(method);
  const { controller, release } = watchCall(call, method.methodKind !== "unary", ports.live);
  const { signal } = controller;
  let principal = "";
  let requestId = "";

  const admit = (): { request: Message; context: CallContext } => {
    signal.throwIfAborted();
    const { token, claimed } = readCredentials(call.metadata);
    const local = ports.isLocal(call.getPeer());
    principal = ports.authenticate({ ...(token && { token }), ...(claimed && { claimed }), local });
    const request = decodeRequest(method, call.request);
    requestId = settleRequestId(method.input, request);
    const deadlineMs = deadlineOf(call);
    return { request, context: { principal, requestId, signal, deadlineMs, token } };
  };
  const close = (code: status): void => {
    release();
    const elapsedMs = performance.now() - startedMs;
    ports.onCall({ method: name, principal, code: codeName(code), elapsedMs });
  };
  const report = (error: unknown): void => {
    if (!isTownError(error)) ports.onBug(error, { method: name, requestId });
  };
  // What a handler throws that was not waited for; that it stopped when told to is no bug.
  const reportLate = (error: unknown): void => {
    if (signal.aborted && !isAbort(error)) report(error);
  };
  const fail = (error: unknown): Failure => {
    const cause = signal.aborted && isAbort(error) ? signal.reason : error;
    report(cause);
    const failure = toFailure(cause, requestId);
    close(failure.code);
    return failure;
  };
  return { signal, admit, close, reportLate, fail };
}

function decodeRequest({ input }: DescMethod, bytes: Buffer): Message {
  try {
    return decode(input, bytes);
  } catch (error) {
    throw new TownError("invalid", (error as Error).message, { cause: error });
  }
}

/** Abort when the deadline passes, when the caller goes away, or when the server says so. */
function watchCall(call: AnyCall, streaming: boolean, live: LiveCalls) {
  const controller = new AbortController();
  const abort = (reason: TownError): void => controller.abort(reason);
  const leave = live.enter({ streaming, abort });
  const onCancelled = () => abort(new TownError("cancelled", "the caller cancelled the call"));
  call.on("cancelled", onCancelled);
  const deadlineMs = deadlineOf(call);
  // grpc-js answers at the deadline too, but tells a stream whose reader is stuck nothing of it.
  const timer =
    deadlineMs === undefined
      ? undefined
      : setTimeout(
          () => abort(new TownError("timeout", "the call's deadline has passed")),
          Math.min(deadlineMs - Date.now(), timerMsMax),
        );
  const release = (): void => {
    clearTimeout(timer);
    call.off("cancelled", onCancelled);
    leave();
  };
  return { controller, release };
}

// Beyond this setTimeout fires at once.
const timerMsMax = 2 ** 31 - 1;

function deadlineOf(call: AnyCall): number | undefined {
  const deadlineMs = Number(call.getDeadline());
  return Number.isFinite(deadlineMs) ? deadlineMs : undefined;
}

function readCredentials(metadata: Metadata) {
  const [authorization] = metadata.get("authorization");
  const [claimed] = metadata.get("x-gastown-principal");
  const token = /^Bearer (\S+)$/i.exec(String(authorization ?? ""))?.[1];
  return { token, claimed: claimed === undefined ? undefined : String(claimed) };
}

/** What waits throw when their signal aborts; the signal's reason says it better. */
function isAbort(error: unknown): boolean {
  return isTownError(error) || (error instanceof Error && error.name === "AbortError");
}
