import type { Subscription } from "./bus.ts";

/** Those who wish to be called with each `T`. */
export type Listeners<T> = {
  readonly add: (listener: (value: T) => void) => Subscription;
  readonly tell: (value: T) => void;
};

/** An empty list of listeners, each called in the order of adding. */
export function createListeners<T>(): Listeners<T> {
  const all = new Set<{ readonly call: (value: T) => void }>();
  return {
    add: (call) => {
      const entry = { call };
      all.add(entry);
      return { stop: () => void all.delete(entry) };
    },
    tell: (value) => {
      for (const { call } of [...all]) call(value);
    },
  };
}

/** Whether a client is connected, and those who want to know. */
export type Link = {
  readonly isUp: () => boolean;
  readonly set: (up: boolean) => void;
  readonly onLink: (listener: (up: boolean) => void) => Subscription;
  /** Resolves when up, or when `signal` is raised. */
  readonly untilUp: (signal: AbortSignal) => Promise<void>;
  /** Resolves when down, or when `signal` is raised. */
  readonly untilDown: (signal: AbortSignal) => Promise<void>;
};

/** A link that is down, and tells each change. */
export function createLink(): Link {
  let up = false;
  const listeners = createListeners<boolean>();
  const until = async (wanted: boolean, signal: AbortSignal) => {
    if (up === wanted || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const watch = listeners.add((now) => now === wanted && resolve());
    const stop = () => resolve();
    signal.addEventListener("abort", stop);
    await promise;
    watch.stop();
    signal.removeEventListener("abort", stop);
  };
  return {
    isUp: () => up,
    set: (now) => {
      if (now === up) return;
      up = now;
      listeners.tell(now);
    },
    onLink: listeners.add,
    untilUp: (signal) => until(true, signal),
    untilDown: (signal) => until(false, signal),
  };
}
