import { deflateSync, inflateSync } from "node:zlib";
import type { Database } from "./database.ts";

/** What one block takes, before it is compressed; a single entry may be larger. */
const blockChars = 256 * 1024;
/** How many blocks are kept open. */
const openMax = 16;

/** Where some entries, in the order in which they came, were put. */
export type Placed = { readonly block: number; readonly from: number; readonly to: number };

/** Compressed blocks: entries of one month together, each a list of texts. */
export class Blocks {
  readonly #database: Database;
  readonly #open = new Map<number, readonly (readonly string[])[]>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Put entries into blocks of one month. */
  put(month: string, entries: readonly (readonly string[])[]): Placed[] {
    const placed: Placed[] = [];
    let from = 0;
    let chars = 0;
    for (const [index, entry] of entries.entries()) {
      chars += entry.reduce((sum, text) => sum + text.length, 0);
      const isLast = index + 1 === entries.length;
      if (!isLast && chars < blockChars) continue;
      const block = this.#write(month, entries.slice(from, index + 1));
      placed.push({ block, from, to: index + 1 });
      from = index + 1;
      chars = 0;
    }
    return placed;
  }

  /** One entry of a block. */
  read(block: number, place: number): readonly string[] {
    const held = this.#open.get(block);
    const entries = held ?? this.#read(block);
    if (held) this.#open.delete(block);
    else if (this.#open.size >= openMax) this.#open.delete(this.#open.keys().next().value ?? 0);
    this.#open.set(block, entries); // The newest last.
    const entry = entries[place];
    if (!entry) throw this.#database.damaged(`its block ${block} has no entry ${place}`);
    return entry;
  }

  /** A transaction came to nothing: blocks of other content may get the same numbers. */
  forget(): void {
    this.#open.clear();
  }

  /** Drop a block if nothing in it is needed any more. */
  sweep(block: number): void {
    this.#open.delete(block); // The next one may get its number.
    const used = "SELECT 1 FROM bead WHERE block = ?";
    this.#database.run(`DELETE FROM block WHERE id = ? AND NOT EXISTS (${used})`, block, block);
  }

  #write(month: string, entries: readonly (readonly string[])[]): number {
    const bytes = deflateSync(JSON.stringify(entries));
    const sql = "INSERT INTO block (month, bytes) VALUES (?, ?) RETURNING id";
    return this.#database.get<{ id: number }>(sql, month, bytes)?.id ?? 0;
  }

  #read(block: number): readonly (readonly string[])[] {
    const sql = "SELECT bytes FROM block WHERE id = ?";
    const row = this.#database.get<{ bytes: Uint8Array }>(sql, block);
    if (!row) throw this.#database.damaged(`it has no block ${block}`);
    try {
      return JSON.parse(inflateSync(row.bytes).toString("utf8")); // It ends with a sum over all.
    } catch (cause) {
      throw this.#database.damaged(`its block ${block} is not as it was put: ${String(cause)}`);
    }
  }
}
