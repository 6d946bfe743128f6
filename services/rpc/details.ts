import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { type Any, anyIs, anyPack, anyUnpack } from "@bufbuild/protobuf/wkt";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  PreconditionFailureSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "#proto/google/rpc/error_details_pb.ts";
import { StatusSchema } from "#proto/google/rpc/status_pb.ts";
import type { Resource, TownError, Violation } from "./town-error.ts";

/** What our server says of a failure beyond its code and its words. */
export type Details = {
  /** Upper snake, as in ErrorInfo; undefined where the failure was not ours to explain. */
  readonly reason: string | undefined;
  readonly violations: readonly Violation[];
  readonly resource: Resource | undefined;
  /** A handler that fails for want of something else does not say so. */
  readonly isAway: boolean;
};

const domain = "gastown";
const awayKey = "away";
const retryAfterSeconds = 1n;
// Trailers are bounded by peers (8 KB in some), so the first few violations have to do.
const violationsMax = 16;
const descriptionCharsMax = 200;

/** The bytes of `grpc-status-details-bin` for an expected failure. */
export function encodeDetails(error: TownError, code: number, message: string): Buffer {
  const reason = error.reason.toUpperCase();
  const metadata: Record<string, string> = error.isAway ? { [awayKey]: "true" } : {};
  const details = [pack(ErrorInfoSchema, { reason, domain, metadata })];
  const more = moreDetails(error, message);
  if (more) details.push(more);
  return encodeStatus(code, message, details);
}

/** The bytes of `grpc-status-details-bin` for a bug, which says no more than that it is one. */
export function encodeBugDetails(code: number, message: string): Buffer {
  return encodeStatus(code, message, [
    pack(ErrorInfoSchema, { reason: "INTERNAL", domain, metadata: {} }),
  ]);
}

/** Read `grpc-status-details-bin`. What cannot be read is taken as not said. */
export function decodeDetails(bytes: Uint8Array | undefined, message: string): Details {
  const anys = bytes ? readAnys(bytes) : [];
  const info = find(anys, ErrorInfoSchema);
  const fields = find(anys, BadRequestSchema)?.fieldViolations ?? [];
  const states = find(anys, PreconditionFailureSchema)?.violations ?? [];
  const resource = find(anys, ResourceInfoSchema);
  return {
    reason: info?.domain === domain ? info.reason : undefined,
    violations: [...fields, ...states.map((v) => ({ ...v, field: v.subject }))]
      .filter(({ field, description }) => field !== "" || !message.startsWith(description))
      .map(({ field, description }) => ({ field, description })),
    resource: resource?.resourceName
      ? { type: resource.resourceType, name: resource.resourceName }
      : undefined,
    isAway: info?.domain !== domain || info.metadata[awayKey] === "true",
  };
}

function moreDetails(error: TownError, message: string): Any | undefined {
  switch (error.reason) {
    case "unavailable":
      // Who is away is worth more than when to try again.
      if (error.resource) return resourceInfo(error, message);
      return pack(RetryInfoSchema, { retryDelay: { seconds: retryAfterSeconds } });
    case "exhausted":
      return pack(RetryInfoSchema, { retryDelay: { seconds: retryAfterSeconds } });
    case "state":
      return pack(PreconditionFailureSchema, {
        violations: named(error, message).map(({ field, description }) => ({
          type: "STATE",
          subject: field,
          description,
        })),
      });
    case "invalid":
      return pack(BadRequestSchema, { fieldViolations: named(error, message) });
    case "not_found":
    case "exists":
      return resourceInfo(error, message);
    default:
      return undefined;
  }
}

function resourceInfo({ resource }: TownError, description: string): Any {
  const { type: resourceType = "", name: resourceName = "" } = resource ?? {};
  return pack(ResourceInfoSchema, { resourceType, resourceName, description });
}

/** The violations, bounded; the message stands for them, without a field, where none is given. */
function named(error: TownError, message: string): Violation[] {
  const given =
    error.violations.length > 0 ? error.violations : [{ field: "", description: message }];
  return given.slice(0, violationsMax).map(({ field, description }) => ({
    field: field.toWellFormed(),
    description: description.slice(0, descriptionCharsMax).toWellFormed(),
  }));
}

function pack<D extends DescMessage>(schema: D, init: MessageInitShape<D>): Any {
  return anyPack(schema, create(schema, init));
}

function encodeStatus(code: number, message: string, details: Any[]): Buffer {
  return Buffer.from(toBinary(StatusSchema, create(StatusSchema, { code, message, details })));
}

function readAnys(bytes: Uint8Array): readonly Any[] {
  try {
    return fromBinary(StatusSchema, bytes).details;
  } catch {
    return []; // A foreign server may put there what it likes; the code and message still count.
  }
}

function find<D extends DescMessage>(anys: readonly Any[], schema: D): MessageShape<D> | undefined {
  const any = anys.find((one) => anyIs(one, schema));
  try {
    return any && anyUnpack(any, schema);
  } catch {
    return undefined; // As above.
  }
}
