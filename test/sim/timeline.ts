import type { Clock } from "#services/lifecycle/clock.ts";
import { TimerHeap } from "./timer-heap.ts";

/** Where every run begins, ms since the Unix epoch. */
export const epochMs = Date.UTC(2026, 0, 1);

/** Rounds of loops are what a run costs: of those that others ring for, there are so few. */
const restMs = 200;

/** Why a run of the time line ended. */
export type RunEnd = "until" | "reached" | "idle";

/**
 * The one time of a simulated world. Nothing takes time but waiting: a timer is called, all that
 * follows from it without a further timer happens, and only then does time go on to the next one.
 */
export class Timeline {
  #nowMs = 0;
  #called = 0;
  readonly #timers = new TimerHeap();

  /** Since the run began, ms. */
  get elapsedMs(): number {
    return this.#nowMs;
  }

  /** The true time, ms since the Unix epoch. */
  readonly nowMs = (): number => epochMs + this.#nowMs;

  /** How many timers were called. */
  get called(): number {
    return this.#called;
  }

  /** Call once after `delayMs`, whoever is dead or paused: what the world does by itself. */
  readonly after = (delayMs: number, then: () => void): (() => void) => {
    return this.#timers.add(this.#nowMs + Math.max(0, Math.round(delayMs)), then);
  };

  /** Let so much time pass. */
  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve));
  }

  /** A process that begins now, on a machine whose clock is off by `skewMs`. */
  process(name: string, skewMs = 0): SimProcess {
    return new SimProcess(this, name, skewMs);
  }

  /**
   * Let time go on: to `untilMs` of the run, until there is nothing to come, or until `isReached`
   * says so, which is asked whenever something has happened.
   */
  async run(untilMs: number, isReached: () => boolean = () => false): Promise<RunEnd> {
    await settle();
    for (;;) {
      if (isReached()) return "reached";
      const next = this.#timers.take(untilMs);
      if (!next) {
        if (this.#timers.isEmpty()) return "idle";
        this.#nowMs = Math.max(this.#nowMs, untilMs);
        return "until";
      }
      this.#nowMs = next.atMs;
      this.#called += 1;
      next.call();
      await settle();
    }
  }
}

/** One process of the simulated world, as its clock sees it. */
export class SimProcess {
  readonly name: string;
  readonly clock: Clock;
  readonly #timeline: Timeline;
  #state: "running" | "paused" | "dead" = "running";
  /** What fell due while it stood still. */
  #held: (() => void)[] = [];
  readonly #ends = new Set<() => void>();

  constructor(timeline: Timeline, name: string, skewMs: number) {
    this.name = name;
    this.#timeline = timeline;
    this.clock = {
      nowMs: () => timeline.nowMs() + skewMs,
      after: (delayMs, then) => this.#after(delayMs, then),
      restMs,
    };
  }

  get isAlive(): boolean {
    return this.#state !== "dead";
  }

  get isPaused(): boolean {
    return this.#state === "paused";
  }

  /** SIGSTOP: nothing of it happens until it goes on. Time goes on without it. */
  pause(): void {
    if (this.#state === "running") this.#state = "paused";
  }

  /** SIGCONT: what fell due meanwhile happens now, in its order. */
  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "running";
    const held = this.#held;
    this.#held = [];
    for (const then of held) this.#after(0, then);
  }

  /** SIGKILL: nothing of it happens any more. */
  kill(): void {
    if (this.#state === "dead") return;
    this.#state = "dead";
    this.#held = [];
    for (const end of [...this.#ends]) end();
  }

  /** Told when it is killed; the returned function calls that off. */
  onEnd(end: () => void): () => void {
    this.#ends.add(end);
    return () => this.#ends.delete(end);
  }

  /** Let so much time pass for it. */
  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(delayMs, resolve));
  }

  /** What comes to this process: now where it runs, when it goes on where it stands still. */
  deliver(then: () => void): void {
    if (this.#state === "running") then();
    else if (this.#state === "paused") this.#held.push(then);
  }

  /**
   * A call to something outside of it. Where the process is dead, nothing is called and no answer
   * comes; where it dies meanwhile, what was called is done all the same, and no answer comes.
   */
  call<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.isAlive) return;
      work().then(
        (value) => this.deliver(() => resolve(value)),
        (error: unknown) => this.deliver(() => reject(error)),
      );
    });
  }

  #after(delayMs: number, then: () => void): () => void {
    let isOff = false;
    const cancel = this.#timeline.after(delayMs, () => {
      this.deliver(() => {
        if (!isOff) then();
      });
    });
    return () => {
      isOff = true;
      cancel();
    };
  }
}

/**
 * Let everything happen that needs no timer. Node runs a next tick only once no microtask is left,
 * and `setImmediate` callbacks, of which it tells how many wait, only where it gets its turn.
 */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (process.getActiveResourcesInfo().includes("Immediate")) setImmediate(later);
      else resolve();
    };
    const later = () => queueMicrotask(() => process.nextTick(look));
    later();
  });
}
