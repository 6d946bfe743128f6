import { setTimeout as delay } from "node:timers/promises";

/** How long to wait between tries: doubled from `baseMs` up to `maxMs`. */
export type RetryLimits = { readonly baseMs: number; readonly maxMs: number };

/** Between two showings of a message that its handler refused, and two tries to attach. */
export const consumerRetry: RetryLimits = { baseMs: 50, maxMs: 5_000 };

/** Between two tries to reach the server. */
export const linkRetry: RetryLimits = { baseMs: 100, maxMs: 5_000 };

/**
 * The wait before try `attempt + 1`, ms.
 *
 * @param random 0 to 1; the upper half of the wait is drawn, so that a fleet does not come as one
 */
export function retryDelayMs(attempt: number, limits: RetryLimits, random: number): number {
  const fullMs = Math.min(limits.maxMs, limits.baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(fullMs / 2 + (random * fullMs) / 2);
}

/** Wait, or less where `signal` is raised; never fails and leaves no timer. */
export async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  // The only way this wait fails is the signal, which is what ends it early.
  await delay(durationMs, undefined, { signal }).catch(() => undefined);
}
