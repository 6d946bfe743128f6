import { type BigIntStats, statSync } from "node:fs";
import { TownError } from "#services/rpc/town-error.ts";
import { Blocks } from "./blocks.ts";
import { type Database, inMemory, openDatabase } from "./database.ts";
import { seal, unseal } from "./seal.ts";
import type { DamagedStore } from "./store-error.ts";
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

  /**
   * @param path the file, or `:memory:`
   * @param before why another that was opened in this place was put aside
   */
  constructor(path: string, machine: string, before?: string) {
    const { database, discarded = before } = openDatabase(path, machine);
    this.#database = database;
    this.#blocks = new Blocks(database);
    this.discarded = discarded;
    try {
      this.events = new StoredEvents(database, this.#blocks);
      this.beads = new StoredBeads(database, this.#blocks, this.events);
    } catch (error) {
      database.close();
      throw error;
    }
    this.#file = fileAt(path);
  }

  /** Told once, of a damage that shows while it is read: nothing more can be read of it. */
  onDamage(listener: (error: DamagedStore) => void): void {
    this.#database.onDamage = listener;
  }

  /** Fails with `state` where its file is gone: then what is put here is lost with the process. */
  checkPlace(): void {
    const { path } = this.#database;
    if (fileAt(path)?.ino === this.#file?.ino) return;
    const what = `the checkpoint ${path} was removed under the process that writes it`;
    throw new TownError("state", `${what}: its next start makes it anew from the events`);
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
  return path === inMemory ? undefined : statSync(path, { bigint: true, throwIfNoEntry: false });
}
