/** A map that keeps what was asked for last. */
export class BoundedMap<V> {
  readonly #max: number;
  readonly #held = new Map<string, V>();

  constructor(max: number) {
    this.#max = max;
  }

  get(key: string): V | undefined {
    const held = this.#held.get(key);
    if (held !== undefined) this.set(key, held);
    return held;
  }

  set(key: string, value: V): void {
    this.#held.delete(key);
    this.#held.set(key, value);
    if (this.#held.size <= this.#max) return;
    const oldest = this.#held.keys().next().value;
    if (oldest !== undefined) this.#held.delete(oldest);
  }

  delete(key: string): void {
    this.#held.delete(key);
  }
}
