/** Runs `work` after all earlier work under the same key has ended. */
export type InTurn = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/** Turns of their own; a key is remembered only while work under it is under way. */
export function newTurns(): InTurn {
  const tails = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const before = tails.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    const tail = mine.catch(() => {}); // Its own caller hears of the failure; the next one goes on.
    tails.set(key, tail);
    try {
      return await mine;
    } finally {
      if (tails.get(key) === tail) tails.delete(key);
    }
  };
}

/** The turns of this process, for what has one place in it: a path on its disk, say. */
export const inTurn = newTurns();
