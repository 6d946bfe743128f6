const tails = new Map<string, Promise<unknown>>();

/** Run `work` after all earlier work of this process under the same key has ended. */
export async function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
  const before = tails.get(key) ?? Promise.resolve();
  const mine = before.then(work, work);
  const tail = mine.catch(() => {}); // Its own caller hears of the failure; the next one goes on.
  tails.set(key, tail);
  try {
    return await mine;
  } finally {
    if (tails.get(key) === tail) tails.delete(key);
  }
}
