import { type BigIntStats, statSync } from "node:fs";
import type { TownError } from "#services/rpc/town-error.ts";
import { Blocks } from "./blocks.ts";
import { type Database, openDatabase } from "./database.ts";
import { seal, unseal } from "./seal.ts";
import { StoredBeads } from "./stored-beads.ts";
import { StoredEvents } from "./stored-events.ts";

/** The newest event of an incarnation that a checkpoint holds. */
export type StoredHead = { readonly writer: string; readonly seq: number; readonly hash: string };

/**
 * What a replica keeps beside its journal, so that a restart reads no history and what is old need
 * not be in memory: a checkpoint of every bead, of every event, and of how far both go.
 *
 * All of it can be made anew from the events. One transaction is one checkpoint: whenever the
 * process dies, the last finished one is there.
 */
export class Store {
  readonly beads: StoredBeads;
  readonly events: StoredEvents;
  /** Why what was there before was of no use; undefined where it was. */
  readonly discarded: string | undefined;
  readonly #database: Database;
  readonly #blocks: Blocks;
  readonly #file: BigIntStats | undefined;

  /** @param path the file, or `:memory:` */
  constructor(path: string, machine: string) {
    const { database, discarded } = openDatabase(path, machine);
    this.#database = database;
    this.#blocks = new Blocks(database);
    this.events = new StoredEvents(database, this.#blocks);
    this.beads = new StoredBeads(database, this.#blocks, this.events);
    this.discarded = discarded;
    this.#file = fileAt(path);
  }

  /** Why it was given up; undefined while it is whole as far as it was read. */
  get damage(): TownError | undefined {
    return this.#database.damage;
  }

  /** Told once, of a damage that shows while it is read: nothing more can be read of it. */
  onDamage(listener: (error: TownError) => void): void {
    this.#database.onDamage = listener;
  }

  /** Whether its file is still where it was opened: what is written to another is lost. */
  isInPlace(): boolean {
    return fileAt(this.#database.path)?.ino === this.#file?.ino;
  }

  heads(): StoredHead[] {
    const heads = this.#database.all<StoredHead>("SELECT writer, seq, hash FROM head");
    for (const { writer, seq, hash } of heads) {
      if (seq === 0 || this.events.hashes(writer, seq).includes(hash)) continue;
      throw this.#database.damaged(`it lacks the event ${writer}:${seq}`);
    }
    return heads;
  }

  putHead({ writer, seq, hash }: StoredHead): void {
    this.#database.run("INSERT OR REPLACE INTO head VALUES (?, ?, ?)", writer, seq, hash);
  }

  /** How much of each segment of our own journal is folded here: bytes by path. */
  segments(): ReadonlyMap<string, number> {
    const rows = this.#database.all<{ path: string; bytes: number }>("SELECT * FROM segment");
    return new Map(rows.map(({ path, bytes }) => [path, bytes]));
  }

  putSegment(path: string, bytes: number): void {
    this.#database.run("INSERT OR REPLACE INTO segment VALUES (?, ?)", path, bytes);
  }

  dropSegment(path: string): void {
    this.#database.run("DELETE FROM segment WHERE path = ?", path);
  }

  /** What was noted under a name. */
  note(name: string): string | undefined {
    const sql = "SELECT value FROM meta WHERE name = ?";
    const row = this.#database.get<{ value: string }>(sql, `note ${name}`);
    return row && this.#unseal(row.value, `the note ${name}`);
  }

  putNote(name: string, value: string): void {
    const sql = "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)";
    this.#database.run(sql, `note ${name}`, seal(value));
  }

  /** What a request made or changed, as it was put. */
  request(key: string): string | undefined {
    const sql = "SELECT value FROM request WHERE key = ?";
    const row = this.#database.get<{ value: string }>(sql, key);
    return row && this.#unseal(row.value, `the request ${key}`);
  }

  putRequest(key: string, value: string): void {
    this.#database.run("INSERT OR REPLACE INTO request VALUES (?, ?)", key, seal(value));
  }

  begin(): void {
    this.#database.run("BEGIN");
  }

  commit(): void {
    this.beads.sweep();
    this.#database.run("COMMIT");
    this.beads.settle(true);
    this.events.settle();
  }

  /** Also after SQLite did so by itself, as it does where the disk is full. */
  rollback(): void {
    this.beads.settle(false);
    this.#blocks.forget();
    this.#database.rollback();
  }

  close(): void {
    this.#database.close();
  }

  #unseal(value: string, what: string): string {
    const text = unseal(value);
    if (text === undefined) throw this.#database.damaged(`${what} is not as it was put`);
    return text;
  }
}

function fileAt(path: string): BigIntStats | undefined {
  return path === ":memory:" ? undefined : statSync(path, { bigint: true, throwIfNoEntry: false });
}
