import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { codeOf, DamagedStore, isDamage, sqliteError, storeError } from "./store-error.ts";

/**
 * The form of the tables below, and of what is folded into them: a store of another form is made
 * anew from the events. It rises with each change of the fold's rules too, or a replica that went
 * on from what older rules made would differ from one that read the same events.
 */
const version = 3;
export const inMemory = ":memory:";
/** A journal that grew with one large checkpoint is cut to this by a later one. */
const journalBytesMax = 16 * 1024 * 1024;

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

/**
 * One database file, its statements prepared once.
 *
 * Once it was found damaged it tells nothing more: a wrong answer would be worse than none.
 */
export class Database {
  readonly path: string;
  /** Told once, of a damage that shows while it is read. */
  onDamage: ((error: DamagedStore) => void) | undefined;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #damage: DamagedStore | undefined;

  constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.path = path;
  }

  run(sql: string, ...values: SQLInputValue[]): void {
    this.#ask(sql, (statement) => statement.run(...values));
  }

  get<T>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return this.#ask(sql, (statement) => statement.get(...values)) as T | undefined;
  }

  all<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.#ask(sql, (statement) => statement.all(...values)) as T[];
  }

  *iterate<T>(sql: string, ...values: SQLInputValue[]): Iterable<T> {
    const rows = this.#ask(sql, (statement) => statement.iterate(...values));
    for (;;) {
      const { done, value } = this.#ask(sql, () => rows.next());
      if (done) return;
      yield value as T;
    }
  }

  /** Take back the transaction under way; SQLite may have done so by itself. */
  rollback(): void {
    if (this.#db.isTransaction) this.run("ROLLBACK");
  }

  /** Give it up: what it should have is not there, or not as it was put. */
  damaged(what: string): DamagedStore {
    if (this.#damage) return this.#damage;
    this.#damage = new DamagedStore(this.path, what, putAside(this.path));
    this.onDamage?.(this.#damage);
    return this.#damage;
  }

  close(): void {
    this.#statements.clear();
    this.#db.close();
  }

  #ask<T>(sql: string, ask: (statement: StatementSync) => T): T {
    if (this.#damage) throw this.#damage;
    try {
      return ask(this.#prepare(sql));
    } catch (error) {
      if (isDamage(error)) throw this.damaged((error as Error).message);
      throw storeError(error, this.path);
    }
  }

  #prepare(sql: string): StatementSync {
    const held = this.#statements.get(sql);
    if (held) return held;
    const made = this.#db.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }
}

/** Out of the way of the next start, which makes it anew; says so. */
function putAside(path: string): string {
  if (path === inMemory) return "it is lost";
  try {
    renameSync(path, `${path}.old`);
  } catch (error) {
    return `remove it (${(error as Error).message}), and the next start makes it anew`;
  }
  return `it is put aside as ${path}.old, and the next start makes it anew from the events`;
}

/** A database that was opened, and why an earlier one was not of use. */
export type Opened = { readonly database: Database; readonly discarded: string | undefined };

/**
 * Open the store's file, or make it. One that cannot be read, or is another machine's or of another
 * form, is put aside as `<path>.old`: all that is in it can be made anew from the events.
 */
export function openDatabase(path: string, machine: string): Opened {
  if (!existsSync(path)) return { database: anew(path, machine), discarded: undefined };
  const db = open(path);
  const why = readWhy(db, machine);
  if (why === undefined) return { database: new Database(db, path), discarded: undefined };
  db.close();
  // Who made it was killed before anything was in it.
  if (why === isEmpty) return { database: anew(path, machine), discarded: undefined };
  renameSync(path, `${path}.old`);
  return { database: anew(path, machine), discarded: why };
}

const isEmpty = "empty";

function anew(path: string, machine: string): Database {
  // Of a file that is gone: they say nothing of the one that is made now.
  for (const end of ["-journal"]) rmSync(`${path}${end}`, { force: true });
  const db = open(path);
  try {
    tune(db);
    db.exec("BEGIN");
    db.exec(schema);
    const put = db.prepare("INSERT INTO meta (name, value) VALUES (?, ?)");
    put.run("version", String(version));
    put.run("machine", machine);
    db.exec("COMMIT");
    return new Database(db, path);
  } catch (error) {
    db.close();
    throw storeError(error, path);
  }
}

function open(path: string): DatabaseSync {
  try {
    if (path !== inMemory) mkdirSync(dirname(path), { recursive: true });
    return new DatabaseSync(path);
  } catch (error) {
    throw storeError(error, path);
  }
}

/** Why what is there is of no use; undefined where it is. Throws where nobody can say. */
function readWhy(db: DatabaseSync, machine: string): string | undefined {
  try {
    tune(db);
    const made = db.prepare("SELECT count(*) AS n FROM sqlite_schema").get();
    return made?.["n"] === 0 ? isEmpty : unfit(db, machine);
  } catch (error) {
    if (isDamage(error) || codeOf(error) === sqliteError) return (error as Error).message;
    const path = db.location() ?? "";
    db.close();
    throw storeError(error, path);
  }
}

function tune(db: DatabaseSync): void {
  // One process at a time has the home; what a crash of the machine takes is folded anew.
  db.exec("PRAGMA locking_mode = EXCLUSIVE");
  // What is put is nearly all new: a log beside it would have all of it written twice.
  db.exec("PRAGMA journal_mode = PERSIST");
  db.exec("PRAGMA synchronous = NORMAL");
  db.exec("PRAGMA cache_size = -16384");
  db.exec("PRAGMA temp_store = MEMORY");
  db.exec(`PRAGMA journal_size_limit = ${journalBytesMax}`);
}

function unfit(db: DatabaseSync, machine: string): string | undefined {
  const held = (name: string) => {
    const row = db.prepare("SELECT value FROM meta WHERE name = ?").get(name);
    return row?.["value"];
  };
  if (held("version") !== String(version)) {
    return `of form ${held("version")}, and this version has ${version}`;
  }
  return held("machine") === machine ? undefined : `of ${held("machine")}, not of ${machine}`;
}
