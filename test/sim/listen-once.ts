/** Listeners by what they listen to. */
export type Listeners<Told = void> = Map<string, Set<(told: Told) => void>>;

/** Listen to the next one of a kind alone; the returned function gives up. */
export function listenOnce<Told>(
  all: Listeners<Told>,
  key: string,
  then: (told: Told) => void,
): () => void {
  const listeners = all.get(key) ?? new Set();
  all.set(key, listeners);
  const once = (told: Told) => {
    listeners.delete(once);
    then(told);
  };
  listeners.add(once);
  return () => listeners.delete(once);
}

/** Tell all who listen to it now. */
export function tellOnce<Told>(all: Listeners<Told>, key: string, told: Told): void {
  for (const each of [...(all.get(key) ?? [])]) each(told);
}
