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
      const step = await nextUntilAborted(iterator, signal);
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

/** One step. The listener goes with it, so that a long stream does not collect them. */
async function nextUntilAborted<T>(
  iterator: AsyncIterator<T>,
  signal: AbortSignal,
): Promise<IteratorResult<T>> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<T>>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  iterator
    .next()
    .then(resolve, reject)
    .finally(() => signal.removeEventListener("abort", onAbort));
  return promise;
}
