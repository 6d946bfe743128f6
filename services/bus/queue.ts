/** What has arrived and was not yet taken. */
export type Queue<T> = {
  readonly push: (item: T) => void;
  /** The oldest item; undefined when none came within `withinMs` or before `signal` is raised. */
  readonly take: (withinMs: number, signal: AbortSignal) => Promise<T | undefined>;
};

/** An empty queue for one taker. Who pushes bounds it, by what it has asked for. */
export function createQueue<T>(): Queue<T> {
  const items: T[] = [];
  let wake: (() => void) | undefined;
  return {
    push: (item) => {
      items.push(item);
      wake?.();
    },
    take: async (withinMs, signal) => {
      if (signal.aborted) return undefined;
      if (items.length === 0) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const stop = () => resolve();
        wake = stop;
        const timer = setTimeout(stop, withinMs);
        signal.addEventListener("abort", stop);
        await promise;
        clearTimeout(timer);
        signal.removeEventListener("abort", stop);
        wake = undefined;
      }
      return signal.aborted ? undefined : items.shift();
    },
  };
}
