/**
 * Reasons a caller can act on; `services/rpc/errors.ts` maps each to one gRPC code.
 *
 * `stale` is a fence (a lower epoch or term), `state` an order of things that forbids it now,
 * `exhausted` is capacity, `unavailable` may be retried, `gap` a token that cannot be continued.
 */
export type Reason =
  | "not_found"
  | "exists"
  | "invalid"
  | "state"
  | "stale"
  | "denied"
  | "exhausted"
  | "unavailable"
  | "timeout"
  | "cancelled"
  | "gap"
  | "unimplemented";

/** What one bad input was: a field path and what to do about it. */
export type Violation = { readonly field: string; readonly description: string };

/** What is missing, or there already: `{ type: "bead", name: "gt-1a2b" }`. */
export type Resource = { readonly type: string; readonly name: string };

/** An expected failure. Anything else thrown is a bug and reaches callers as `internal`. */
export class TownError extends Error {
  override readonly name = "TownError";
  readonly reason: Reason;
  readonly violations: readonly Violation[];
  readonly resource: Resource | undefined;
  /** With `unavailable`, over the wire: whether it is the one who was called that is away. */
  readonly isAway: boolean | undefined;

  constructor(
    reason: Reason,
    message: string,
    options?: ErrorOptions & {
      violations?: readonly Violation[];
      resource?: Resource;
      isAway?: boolean;
    },
  ) {
    super(message, options);
    this.reason = reason;
    this.violations = options?.violations ?? [];
    this.resource = options?.resource;
    this.isAway = options?.isAway;
  }
}

/** Whether `error` is an expected failure, of one of `reasons` where given. */
export function isTownError(error: unknown, ...reasons: Reason[]): error is TownError {
  return error instanceof TownError && (reasons.length === 0 || reasons.includes(error.reason));
}
