import type { Clock } from "./clock.ts";

/**
 * What a loop waits on: somebody rings, a time passes, or the process ends. A ring while nobody
 * waits is kept, so that nothing which happens during a round is missed.
 */
export class Wake {
  #rung = false;
  #wake: (() => void) | undefined;
  /** The signal that ends a wait; listened to once, since a loop waits often. */
  #signal: AbortSignal | undefined;

  /** Wake the loop now, or at its next wait. */
  readonly ring = (): void => {
    this.#rung = true;
    this.#wake?.();
  };

  /** Wait for a ring, at most `timeoutMs`. Returns at once when the signal is raised. */
  async wait(clock: Clock, timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      this.#listen(signal);
      await new Promise<void>((resolve) => {
        const cancel = clock.after(timeoutMs, resolve);
        this.#wake = () => {
          cancel();
          resolve();
        };
      });
      this.#wake = undefined;
    }
    this.#rung = false;
  }

  #listen(signal: AbortSignal): void {
    if (this.#signal === signal) return;
    this.#signal?.removeEventListener("abort", this.#end);
    this.#signal = signal;
    signal.addEventListener("abort", this.#end, { once: true });
  }

  readonly #end = (): void => this.#wake?.();
}
