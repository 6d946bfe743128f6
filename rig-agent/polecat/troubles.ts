import { isTownError } from "#services/rpc/town-error.ts";

/** What follows a failure: how long to wait, and whether trying again is worth it. */
export type Retry = {
  readonly delayMs: number;
  readonly hopeless: boolean;
  readonly words: string;
};

type Trouble = { failures: number; hopeless: number; untilMs: number; words: string };

const delayMaxMs = 60_000;
const hopelessMax = 5;

/** What went wrong with each bead last, and when to try again. */
export class Troubles {
  readonly #held = new Map<string, Trouble>();

  /** Whether a bead has to wait after its last failure. */
  waits(bead: string, nowMs: number): boolean {
    return (this.#held.get(bead)?.untilMs ?? 0) > nowMs;
  }

  /** What keeps a bead from going on, in words. */
  words(bead: string): string | undefined {
    return this.#held.get(bead)?.words;
  }

  /** Remember why a bead waits, though nothing failed. */
  tell(bead: string, words: string): void {
    const held = this.#held.get(bead);
    this.#held.set(bead, { failures: 0, hopeless: 0, untilMs: 0, ...held, words });
  }

  clear(bead: string): void {
    this.#held.delete(bead);
  }

  /**
   * Count a failure: 1 s, doubled each time, at most a minute. What may be only out of reach is
   * tried for ever; anything else is hopeless after five times.
   */
  failed(bead: string, error: unknown, nowMs: number): Retry {
    const before = this.#held.get(bead);
    const failures = (before?.failures ?? 0) + 1;
    const passes = isTownError(error, "unavailable", "timeout", "cancelled", "exhausted");
    const hopeless = (before?.hopeless ?? 0) + (passes ? 0 : 1);
    const delayMs = Math.min(delayMaxMs, 1_000 * 2 ** (failures - 1));
    const words = error instanceof Error ? error.message : String(error);
    this.#held.set(bead, { failures, hopeless, untilMs: nowMs + delayMs, words });
    return { delayMs, hopeless: hopeless >= hopelessMax, words };
  }
}
