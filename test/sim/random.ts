const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";

/**
 * A source of randomness that a seed decides wholly, on any machine: 32-bit integers alone.
 *
 * @see Bob Jenkins, "A small noncryptographic PRNG" (2007), with PractRand's 32-bit counter (sfc32)
 */
export class Random {
  readonly #path: string;
  #a: number;
  #b: number;
  #c: number;
  #count = 1;

  constructor(seed: number | string) {
    this.#path = String(seed);
    this.#a = fnv(this.#path, 0x811c9dc5);
    this.#b = fnv(this.#path, 0x9e3779b9);
    this.#c = fnv(this.#path, 0x85ebca6b);
    for (let warm = 0; warm < 12; warm += 1) this.next();
  }

  /** A source of its own under a name: whatever it is asked for, this one goes on as it would. */
  split(name: string): Random {
    return new Random(`${this.#path}/${name}`);
  }

  /** 0 to 2^32 - 1. */
  next(): number {
    const sum = (this.#a + this.#b + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }

  /** A whole number from `min` to `max`, both of them too. */
  int(min: number, max: number): number {
    const span = max - min + 1;
    if (span <= 1) return min;
    // What would favour low numbers is drawn again.
    const limit = 0x1_0000_0000 - (0x1_0000_0000 % span);
    for (;;) {
      const drawn = this.next();
      if (drawn < limit) return min + (drawn % span);
    }
  }

  /** True this many times of a hundred. */
  percent(share: number): boolean {
    return this.int(0, 9_999) < Math.round(share * 100);
  }

  /** One of them; there must be one. */
  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new Error("there is nothing to pick from");
    return from[this.int(0, from.length - 1)] as T;
  }

  /** All of them in any order. */
  shuffle<T>(all: readonly T[]): T[] {
    const mixed = [...all];
    for (let at = mixed.length - 1; at > 0; at -= 1) {
      const other = this.int(0, at);
      [mixed[at], mixed[other]] = [mixed[other] as T, mixed[at] as T];
    }
    return mixed;
  }

  /** `count` different ones of them, or all where there are fewer, in any order. */
  some<T>(from: readonly T[], count: number): T[] {
    return this.shuffle(from).slice(0, count);
  }

  /** Base-36 text. */
  base36(length: number): string {
    let text = "";
    for (let at = 0; at < length; at += 1) text += alphabet[this.int(0, 35)];
    return text;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.int(0, 255));
  }
}

/** FNV-1a of a text, from a basis. */
function fnv(text: string, basis: number): number {
  let hash = basis | 0;
  for (let at = 0; at < text.length; at += 1) {
    hash ^= text.charCodeAt(at);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash | 0;
}
