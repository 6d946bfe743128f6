import { existsSync, renameSync, rmSync } from "node:fs";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

/** The form of the tables below. A store of another form is made anew from the events. */
const version = 1;

const schema = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE head (writer TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL)
    WITHOUT ROWID;
  CREATE TABLE segment (path TEXT PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE request (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE bead (
    key INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    tier INTEGER NOT NULL,
    state TEXT,
    card TEXT,
    block INTEGER,
    place INTEGER
  );
  CREATE INDEX bead_tier ON bead (tier, key);
  CREATE INDEX bead_block ON bead (block) WHERE block IS NOT NULL;
  CREATE TABLE name (
    kind INTEGER NOT NULL,
    text TEXT NOT NULL,
    uid TEXT NOT NULL,
    PRIMARY KEY (kind, text, uid)
  ) WITHOUT ROWID;
  CREATE INDEX name_uid ON name (uid);
  CREATE TABLE block (id INTEGER PRIMARY KEY, month TEXT NOT NULL, bytes BLOB NOT NULL);
  CREATE TABLE event (
    row INTEGER PRIMARY KEY,
    writer TEXT NOT NULL,
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL,
    ms INTEGER NOT NULL,
    count INTEGER NOT NULL,
    actor TEXT NOT NULL,
    bead TEXT NOT NULL,
    op TEXT NOT NULL,
    epoch TEXT,
    line TEXT
  );
  CREATE INDEX event_name ON event (writer, seq);
  CREATE INDEX event_bead ON event (bead);
  CREATE INDEX event_time ON event (ms, count, writer, seq);
  CREATE VIRTUAL TABLE words USING fts5 (
    text, content='', contentless_delete=1, tokenize='trigram', detail='none'
  );
`;

/** One database file, its statements prepared once. */
export class Database {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  run(sql: string, ...values: SQLInputValue[]): void {
    this.#prepare(sql).run(...values);
  }

  get<T>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return this.#prepare(sql).get(...values) as T | undefined;
  }

  all<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.#prepare(sql).all(...values) as T[];
  }

  iterate<T>(sql: string, ...values: SQLInputValue[]): Iterable<T> {
    return this.#prepare(sql).iterate(...values) as Iterable<T>;
  }

  close(): void {
    this.#statements.clear();
    this.#db.close();
  }

  #prepare(sql: string): StatementSync {
    const held = this.#statements.get(sql);
    if (held) return held;
    const made = this.#db.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }
}

/** A database that was opened, and why an earlier one was not of use. */
export type Opened = { readonly database: Database; readonly discarded: string | undefined };

/**
 * Open the store's file, or make it. One that cannot be read, or is another machine's or of another
 * form, is put aside as `<path>.old`: all that is in it can be made anew from the events.
 */
export function openDatabase(path: string, machine: string): Opened {
  const isThere = existsSync(path);
  try {
    const db = openFile(path);
    const database = new Database(db);
    const why = isThere ? unfit(database, machine) : undefined;
    if (isThere && why === undefined) return { database, discarded: undefined };
    if (why === undefined) return { database: create(db, database, machine), discarded: undefined };
    database.close();
    return anew(path, machine, why);
  } catch (error) {
    if (!isThere || !isUnreadable(error)) throw error;
    return anew(path, machine, (error as Error).message);
  }
}

function anew(path: string, machine: string, why: string): Opened {
  for (const end of ["-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
  renameSync(path, `${path}.old`);
  const db = openFile(path);
  return { database: create(db, new Database(db), machine), discarded: why };
}

function openFile(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  // One process at a time has the home; what a crash of the machine takes is folded anew.
  db.exec("PRAGMA locking_mode = EXCLUSIVE");
  db.exec("PRAGMA journal_mode = WAL");
  db.exec("PRAGMA synchronous = NORMAL");
  db.exec("PRAGMA cache_size = -16384");
  db.exec("PRAGMA temp_store = MEMORY");
  return db;
}

function create(db: DatabaseSync, database: Database, machine: string): Database {
  db.exec("BEGIN");
  db.exec(schema);
  const put = "INSERT INTO meta (name, value) VALUES (?, ?)";
  database.run(put, "version", String(version));
  database.run(put, "machine", machine);
  db.exec("COMMIT");
  return database;
}

function unfit(database: Database, machine: string): string | undefined {
  const held = (name: string) =>
    database.get<{ value: string }>("SELECT value FROM meta WHERE name = ?", name)?.value;
  if (held("version") !== String(version)) {
    return `of form ${held("version")}, and this version has ${version}`;
  }
  return held("machine") === machine ? undefined : `of ${held("machine")}, not of ${machine}`;
}

/** SQLITE_CORRUPT, SQLITE_NOTADB, and SQLITE_ERROR for a table that is not there. */
function isUnreadable(error: unknown): boolean {
  const code = (error as { errcode?: number }).errcode;
  return code !== undefined && [1, 11, 26].includes(code & 0xff);
}
