import type { EnrolledMachine } from "#services/ledger/machines.ts";

/** What is still on a machine that is being emptied. */
export type OnMachine = {
  /** Workers that run, or whose worktrees are not cleared yet. */
  readonly sessions: number;
  /** Claims held here that need a worker. */
  readonly claims: number;
  /** Authorities held here, or written as held here, that another machine could hold. */
  readonly authorities: number;
};

/**
 * The drain that is done, by its id; undefined while anything is left, and where nobody asked for
 * one or it was said already. It is never said early: what is said once is not taken back.
 */
export function drainDone(
  host: Pick<EnrolledMachine, "drain" | "drainedAt"> | undefined,
  left: OnMachine,
): string | undefined {
  if (host?.drain === undefined || host.drainedAt !== undefined) return undefined;
  const isEmpty = left.sessions === 0 && left.claims === 0 && left.authorities === 0;
  return isEmpty ? host.drain.id : undefined;
}
