/**
 * The items of `source` until the signal aborts, which throws the signal's reason at once, even
 * while the source waits for something else. The source is asked to finish; what it throws then
 * goes to `report`, since nobody waits for it any more.
 */
export async function* untilAborted<T>(
  source: AsyncIterable<T>,
  signal: AbortSignal,
  report: (error: unknown) => void,
): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      const step = await orAborted(iterator.next(), signal);
      ended = step.done === true;
      if (step.done) return;
      yield step.value;
    }
  } finally {
    // Not awaited: a source that is stuck would hold the call open.
    if (!ended) finish(iterator).catch(report);
  }
}

async function finish(iterator: AsyncIterator<unknown>): Promise<void> {
  await iterator.return?.();
}

/**
 * What `work` comes to, unless the signal aborts first, which throws the signal's reason. The
 * listener goes with the work, so that a long stream does not collect them.
 */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  work.then(resolve, reject);
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
