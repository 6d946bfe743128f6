/** Time as every loop takes it: the real one, or one that a test or the simulator drives. */
export type Clock = {
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: () => number;
  /** Call `then` once after `delayMs`; the returned function calls it off. */
  readonly after: (delayMs: number, then: () => void) => () => void;
  /**
   * How long a loop rests between two rounds that others ring for, where it does not say itself;
   * not at all, if absent. In simulated time waiting is free, and rounds are what costs.
   */
  readonly restMs?: number;
};

/** The machine's clock. Its timers do not keep a process alive. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after: (delayMs, then) => {
    const timer = setTimeout(then, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** A clock that stands still until it is advanced. */
export class ManualClock implements Clock {
  #nowMs: number;
  #timers: { atMs: number; order: number; then: () => void }[] = [];
  #order = 0;

  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  readonly nowMs = (): number => this.#nowMs;

  readonly after = (delayMs: number, then: () => void): (() => void) => {
    const timer = { atMs: this.#nowMs + delayMs, order: this.#order++, then };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  /** Move time on by `byMs`, calling what falls due, in order of time. */
  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs;
    for (;;) {
      const due = this.#timers
        .filter(({ atMs }) => atMs <= endMs)
        .sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
      if (!due) break;
      this.#timers = this.#timers.filter((other) => other !== due);
      this.#nowMs = due.atMs;
      due.then();
    }
    this.#nowMs = endMs;
  }
}
