/**
 * A map of one entry that never changes. A `Map` takes five times as much, and of a bead's maps
 * most have one entry: one creation, one label, one addition of it.
 */
export class OneEntry<V> implements ReadonlyMap<string, V> {
  readonly #key: string;
  readonly #value: V;

  constructor(key: string, value: V) {
    this.#key = key;
    this.#value = value;
  }

  get size(): number {
    return 1;
  }

  get(key: string): V | undefined {
    return key === this.#key ? this.#value : undefined;
  }

  has(key: string): boolean {
    return key === this.#key;
  }

  forEach(then: (value: V, key: string, map: ReadonlyMap<string, V>) => void): void {
    then(this.#value, this.#key, this);
  }

  keys(): MapIterator<string> {
    return [this.#key].values() as MapIterator<string>;
  }

  values(): MapIterator<V> {
    return [this.#value].values() as MapIterator<V>;
  }

  entries(): MapIterator<[string, V]> {
    const entry: [string, V] = [this.#key, this.#value];
    return [entry].values() as MapIterator<[string, V]>;
  }

  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries();
  }
}
