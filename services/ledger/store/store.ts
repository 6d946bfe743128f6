import { Blocks } from "./blocks.ts";
import { type Database, openDatabase } from "./database.ts";
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

  /** @param path the file, or `:memory:` */
  constructor(path: string, machine: string) {
    const { database, discarded } = openDatabase(path, machine);
    this.#database = database;
    const blocks = new Blocks(database);
    this.events = new StoredEvents(database, blocks);
    this.beads = new StoredBeads(database, blocks, this.events);
    this.discarded = discarded;
  }

  heads(): StoredHead[] {
    return this.#database.all("SELECT writer, seq, hash FROM head");
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
    return this.#database.get<{ value: string }>(sql, `note ${name}`)?.value;
  }

  putNote(name: string, value: string): void {
    const sql = "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)";
    this.#database.run(sql, `note ${name}`, value);
  }

  /** What a request made or changed, as it was put. */
  request(key: string): string | undefined {
    const sql = "SELECT value FROM request WHERE key = ?";
    return this.#database.get<{ value: string }>(sql, key)?.value;
  }

  putRequest(key: string, value: string): void {
    this.#database.run("INSERT OR REPLACE INTO request VALUES (?, ?)", key, value);
  }

  begin(): void {
    this.#database.run("BEGIN");
  }

  commit(): void {
    this.beads.settle(true);
    this.#database.run("COMMIT");
    this.events.settle();
  }

  rollback(): void {
    this.beads.settle(false);
    this.#database.run("ROLLBACK");
  }

  close(): void {
    this.#database.close();
  }
}
