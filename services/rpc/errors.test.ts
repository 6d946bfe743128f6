import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  PreconditionFailureSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "#proto/google/rpc/error_details_pb.ts";
import { StatusSchema } from "#proto/google/rpc/status_pb.ts";
import { codeName, fromServiceError, toFailure } from "./errors.ts";
import { type Reason, TownError } from "./town-error.ts";

const schemas = [
  ErrorInfoSchema,
  RetryInfoSchema,
  PreconditionFailureSchema,
  BadRequestSchema,
  ResourceInfoSchema,
];

/** What any client can read of a failure: the type and content of each detail. */
function detailsOf(error: unknown) {
  const { metadata } = toFailure(error, "r1");
  const [bytes] = metadata.get("grpc-status-details-bin");
  const { details } = fromBinary(StatusSchema, bytes as Buffer);
  return details.flatMap((any) => schemas.flatMap((schema) => anyUnpack(any, schema) ?? []));
}

/** As the failure arrives at a client. */
function overTheWire(error: unknown): Error {
  return fromServiceError(Object.assign(new Error(), toFailure(error, "r1")), "h:1");
}

const table: [Reason, string, string | undefined][] = [
  ["not_found", "NOT_FOUND", "google.rpc.ResourceInfo"],
  ["exists", "ALREADY_EXISTS", "google.rpc.ResourceInfo"],
  ["invalid", "INVALID_ARGUMENT", "google.rpc.BadRequest"],
  ["state", "FAILED_PRECONDITION", "google.rpc.PreconditionFailure"],
  ["stale", "ABORTED", undefined],
  ["denied", "PERMISSION_DENIED", undefined],
  ["exhausted", "RESOURCE_EXHAUSTED", "google.rpc.RetryInfo"],
  ["unavailable", "UNAVAILABLE", "google.rpc.RetryInfo"],
  ["timeout", "DEADLINE_EXCEEDED", undefined],
  ["cancelled", "CANCELLED", undefined],
  ["gap", "OUT_OF_RANGE", undefined],
  ["unimplemented", "UNIMPLEMENTED", undefined],
];

test.for(table)("%s travels as %s", ([reason, code, more]) => {
  const error = new TownError(reason, "why: ü");
  expect(codeName(toFailure(error, "r1").code)).toBe(code);
  const details = detailsOf(error);
  expect(details[0]).toMatchObject({ reason: reason.toUpperCase(), domain: "gastown" });
  expect(details.slice(1).map(({ $typeName }) => $typeName)).toEqual(more ? [more] : []);
  const back = overTheWire(error);
  expect(back).toBeInstanceOf(TownError);
  expect(back).toMatchObject({ reason, message: "why: ü", violations: [], resource: undefined });
});

test.for(["invalid", "state"] as const)("the violations of %s arrive", (reason) => {
  const violations = [{ field: "steps[1].needs", description: "no step is called `desing`" }];
  expect(overTheWire(new TownError(reason, "bad formula", { violations }))).toMatchObject({
    reason,
    violations,
  });
});

test("a resource arrives", () => {
  const resource = { type: "bead", name: "gt-1" };
  const error = new TownError("not_found", "no bead gt-1", { resource });
  expect(detailsOf(error)[1]).toMatchObject({ resourceType: "bead", resourceName: "gt-1" });
  expect(overTheWire(error)).toMatchObject({ resource });
});

test("long words and half characters are cut to what a trailer can carry", () => {
  const violations = Array.from({ length: 99 }, (_, i) => ({
    field: `f${i}`,
    description: "😀".repeat(500),
  }));
  const error = new TownError("invalid", `x${"😀".repeat(5_000)}`, { violations });
  const failure = toFailure(error, "r1");
  expect(failure.details.length).toBeLessThanOrEqual(1_000);
  expect(() => encodeURI(failure.details)).not.toThrow();
  expect(overTheWire(error)).toMatchObject({ violations: { length: 16 } });
});

test("a bug is INTERNAL, keeps its words to itself, and names the request", () => {
  const failure = toFailure(new Error("password"), "r1");
  expect(failure).toMatchObject({ code: status.INTERNAL, details: /the log has it under.*r1/ });
  expect(detailsOf(new Error("password"))).toMatchObject([{ reason: "INTERNAL" }]);
});

test("the failures of others are read as far as they go", () => {
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from("no status at all"));
  const foreign = (code: status, details: string) =>
    fromServiceError(
      Object.assign(new Error(), { code, details, metadata }) as ServiceError,
      "h:1",
    );
  expect(foreign(status.UNAUTHENTICATED, "who?")).toMatchObject({ reason: "denied" });
  expect(foreign(status.UNAVAILABLE, "overloaded")).toMatchObject({
    reason: "unavailable",
    message: "cannot reach h:1: overloaded",
  });
  expect(foreign(status.DATA_LOSS, "oh")).not.toBeInstanceOf(TownError);
});

test("who is away is told from who answers that something else is", () => {
  const stopping = new TownError("unavailable", "the server is stopping", { isAway: true });
  expect(overTheWire(stopping)).toMatchObject({ reason: "unavailable", isAway: true });
  const remote = new TownError("unavailable", "the remote does not answer");
  expect(overTheWire(remote)).toMatchObject({ reason: "unavailable", isAway: false });
  const metadata = new Metadata();
  const lost = { code: status.UNAVAILABLE, details: "No connection established", metadata };
  const failed = fromServiceError(Object.assign(new Error(), lost) as ServiceError, "h:1");
  expect(failed).toMatchObject({ reason: "unavailable", isAway: true });
});
