import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { decodeDetails, encodeBugDetails, encodeDetails } from "./details.ts";
import { isTownError, type Reason, TownError } from "./town-error.ts";

const detailsKey = "grpc-status-details-bin";
// The message is sent twice, once percent-encoded, and trailers are bounded by peers.
const messageCharsMax = 1_000;

const codes: Readonly<Record<Reason, status>> = {
  not_found: status.NOT_FOUND,
  exists: status.ALREADY_EXISTS,
  invalid: status.INVALID_ARGUMENT,
  state: status.FAILED_PRECONDITION,
  stale: status.ABORTED,
  denied: status.PERMISSION_DENIED,
  exhausted: status.RESOURCE_EXHAUSTED,
  unavailable: status.UNAVAILABLE,
  timeout: status.DEADLINE_EXCEEDED,
  cancelled: status.CANCELLED,
  gap: status.OUT_OF_RANGE,
  unimplemented: status.UNIMPLEMENTED,
};

const reasons = new Map<number, Reason>([
  ...Object.entries(codes).map(([reason, code]) => [code, reason as Reason] as const),
  [status.UNAUTHENTICATED, "denied"],
]);

/** What a failed call ends with. */
export type Failure = {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
};

/**
 * A failure as the wire knows it, with google.rpc details.
 *
 * Whatever is no TownError is a bug: its caller learns only that, and where the log names it.
 */
export function toFailure(error: unknown, requestId: string): Failure {
  if (isTownError(error)) {
    const code = codes[error.reason];
    const details = error.message.slice(0, messageCharsMax).toWellFormed();
    return { code, details, metadata: withDetails(encodeDetails(error, code, details)) };
  }
  const code = status.INTERNAL;
  const details = `this is a bug, not your request; the log has it under request ${requestId}`;
  return { code, details, metadata: withDetails(encodeBugDetails(code, details)) };
}

/** The name of a code, as in `grpcurl`: NOT_FOUND, … */
export function codeName(code: status): string {
  return status[code] ?? String(code);
}

/**
 * What a client throws for a failed call: the TownError that the handler threw, or one made of the
 * transport's own failure; INTERNAL and unknown codes are a plain Error, a bug on the other side.
 */
export function fromServiceError(error: ServiceError, address: string): Error {
  const [bytes] = error.metadata?.get(detailsKey) ?? [];
  const known = decodeDetails(Buffer.isBuffer(bytes) ? bytes : undefined, error.details);
  const reason = reasons.get(error.code);
  if (!reason) {
    const message = `${address} failed with ${codeName(error.code)}: ${error.details}`;
    return new Error(message, { cause: error });
  }
  const message = known.reason ? error.details : transportMessage(error, address);
  return new TownError(reason, message, {
    cause: error,
    violations: known.violations,
    // Without our details it was grpc-js, or a proxy, that found nobody.
    isAway: reason === "unavailable" && known.isAway,
    ...(known.resource && { resource: known.resource }),
  });
}

/** Words for what grpc-js itself found, without its inner state. */
function transportMessage({ code, details }: ServiceError, address: string): string {
  if (code === status.DEADLINE_EXCEEDED) return `${address} did not answer in time`;
  if (code === status.CANCELLED) return `the call to ${address} was cancelled`;
  if (code !== status.UNAVAILABLE) return details;
  const last = /Last error: (?:Error: )?(.*?)(?:\.? Resolution note:.*)?$/.exec(details)?.[1];
  return `cannot reach ${address}: ${last ?? details}`;
}

function withDetails(bytes: Buffer): Metadata {
  const metadata = new Metadata();
  metadata.set(detailsKey, bytes);
  return metadata;
}
