import { once } from "node:events";

/** Wakes a loop that otherwise looks again after a while. */
export type Bell = {
  readonly ring: () => void;
  /** Until it rings, or rang since the last time, or the time is over, or the signal comes. */
  readonly wait: (timeoutMs: number, signal: AbortSignal) => Promise<void>;
};

/** A bell that nobody has rung. */
export function openBell(): Bell {
  const target = new EventTarget();
  let rang = false;
  return {
    ring: () => {
      rang = true;
      target.dispatchEvent(new Event("ring"));
    },
    wait: async (timeoutMs, signal) => {
      const over = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      if (!rang) await once(target, "ring", { signal: over }).catch(ignoreAbort);
      rang = false;
    },
  };
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === "AbortError")) throw error;
}
