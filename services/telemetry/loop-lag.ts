import { monitorEventLoopDelay } from "node:perf_hooks";

/** Watch this thread's event loop: 99 in 100 delays since the last look were at most so long. */
export function watchLoopLag(signal: AbortSignal): () => number {
  const lag = monitorEventLoopDelay();
  lag.enable();
  signal.addEventListener("abort", () => lag.disable(), { once: true });
  return () => {
    const lagMs = Math.round(lag.percentile(99) / 1e6);
    lag.reset();
    return lagMs;
  };
}
