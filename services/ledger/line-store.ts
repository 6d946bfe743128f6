const chunkBytes = 1024 * 1024;

/** Lines of text by number, kept as bytes outside of the heap. */
export class LineStore {
  readonly #chunks: Buffer[] = [];
  /** Chunk, offset and length of each line, in bytes. */
  #places = new Uint32Array(3 * 64);
  #usedBytes = chunkBytes;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.#usedBytes + bytes > (this.#chunks.at(-1)?.length ?? 0)) {
      // Not from Node's pool, and a long line gets one of its own.
      this.#chunks.push(Buffer.allocUnsafeSlow(Math.max(chunkBytes, bytes)));
      this.#usedBytes = 0;
    }
    const at = this.#length * 3;
    if (at === this.#places.length) {
      const places = new Uint32Array(at * 2);
      places.set(this.#places);
      this.#places = places;
    }
    this.#chunks.at(-1)?.write(line, this.#usedBytes);
    this.#places.set([this.#chunks.length - 1, this.#usedBytes, bytes], at);
    this.#usedBytes += bytes;
    this.#length += 1;
  }

  /** A line by its number, from 0; empty where there is none. */
  at(index: number): string {
    const [chunk = 0, offset = 0, bytes = 0] = this.#places.subarray(index * 3, index * 3 + 3);
    if (index >= this.#length) return "";
    return this.#chunks[chunk]?.toString("utf8", offset, offset + bytes) ?? "";
  }
}
