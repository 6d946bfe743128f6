import { z } from "zod";
import { isTownError, type Reason, TownError } from "../rpc/town-error.ts";

/** An answer that is a failure, as it travels. */
const Failure = z.object({
  reason: z.string(),
  message: z.string(),
  violations: z.array(z.object({ field: z.string(), description: z.string() })).default([]),
});

const reasons: Record<Reason, true> = {
  not_found: true,
  exists: true,
  invalid: true,
  state: true,
  stale: true,
  denied: true,
  exhausted: true,
  unavailable: true,
  timeout: true,
  cancelled: true,
  gap: true,
  unimplemented: true,
};

/** A responder's failure as bytes. What is not a `TownError` is a bug of the responder's. */
export function encodeFailure(error: unknown): Uint8Array {
  const failure = isTownError(error)
    ? { reason: error.reason, message: error.message, violations: error.violations }
    : { reason: "internal", message: error instanceof Error ? error.message : String(error) };
  return new TextEncoder().encode(JSON.stringify(failure));
}

/** The error that the caller sees; a plain `Error` where the responder failed unexpectedly. */
export function decodeFailure(payload: Uint8Array, subject: string): Error {
  const failure = Failure.safeParse(parseJson(new TextDecoder().decode(payload)));
  if (!failure.success) return new Error(`${subject} answered with an unreadable failure`);
  const { reason, message, violations } = failure.data;
  if (!isReason(reason)) return new Error(`${subject} failed: ${message}`);
  return new TownError(reason, message, { violations });
}

function isReason(reason: string): reason is Reason {
  return Object.hasOwn(reasons, reason);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A peer of another version may answer anything; the caller is told that it is unreadable.
    return undefined;
  }
}
