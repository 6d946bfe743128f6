import type { SQLInputValue } from "node:sqlite";
import { hashLine } from "../event.ts";
import type { Log, LogEntry, Place } from "../event-log.ts";
import type { Blocks } from "./blocks.ts";
import type { Database } from "./database.ts";

type Row = {
  row: number;
  writer: string;
  seq: number;
  hash: string;
  ms: number;
  count: number;
  actor: string;
  bead: string;
  op: string;
  epoch: string | null;
  line: string | null;
};

type Kept = Pick<Row, "line" | "hash">;

const columns = "row, writer, seq, hash, ms, count, actor, bead, op, epoch, line";
const pageRows = 256;

/** The events of a store, by bead, by time and by number; those of archived beads in blocks. */
export class StoredEvents {
  readonly #database: Database;
  readonly #blocks: Blocks;
  /** Rows up to this one are of finished checkpoints. */
  #settled = 0;

  constructor(database: Database, blocks: Blocks) {
    this.#database = database;
    this.#blocks = blocks;
    this.settle();
  }

  /** What was put by now is there from now on. */
  settle(): void {
    const last = this.#database.get<{ row: number | null }>("SELECT max(row) AS row FROM event");
    this.#settled = last?.row ?? 0;
  }

  put(entry: LogEntry): void {
    const { writer, seq, hash, stamp, actor, bead, op, epoch = null, line } = entry;
    const sql = `INSERT INTO event (writer, seq, hash, ms, count, actor, bead, op, epoch, line)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
    this.#database.run(sql, writer, seq, hash, stamp[0], stamp[1], actor, bead, op, epoch, line);
  }

  /** The hashes of a writer's events under one number: more than one where it was cloned. */
  hashes(writer: string, seq: number): string[] {
    const sql = "SELECT hash FROM event WHERE writer = ? AND seq = ? AND row <= ? ORDER BY row";
    const rows = this.#database.all<{ hash: string }>(sql, writer, seq, this.#settled);
    return rows.map(({ hash }) => hash);
  }

  /** The lines of a bead's events, in no order. */
  lines(bead: string): string[] {
    const sql = "SELECT line, hash FROM event WHERE bead = ? AND row <= ?";
    const rows = this.#database.all<Kept>(sql, bead, this.#settled);
    const here = rows.flatMap((row) => (row.line === null ? [] : this.#whole(row)));
    if (here.length === rows.length) return here;
    // A block that is being made has events already that still stand elsewhere for who reads.
    const gone = new Set(rows.flatMap(({ line, hash }) => (line === null ? hash : [])));
    return [...here, ...this.#archived(bead).filter((line) => gone.has(hashLine(line)))];
  }

  /** The lines of one writer, by number. */
  *linesOf(writer: string): Iterable<string> {
    const sql = `SELECT ${columns} FROM event WHERE writer = ? AND (seq, row) > (?, ?)
      ORDER BY seq, row LIMIT ${pageRows}`;
    for (let after = [0, 0]; ; ) {
      const rows = this.#database.all<Row>(sql, writer, ...after);
      for (const row of rows) yield this.#entry(row).line;
      const last = rows.at(-1);
      if (!last) return;
      after = [last.seq, last.row];
    }
  }

  /** All of them as they are now; what comes later does not show in it. */
  snapshot(): Pick<Log, "length" | "walk"> {
    const settled = this.#settled;
    return {
      length: settled, // Rows are never deleted.
      walk: (newestFirst, after) => this.#walk(settled, newestFirst, after),
    };
  }

  /** Take the lines of a bead's events out, to be kept elsewhere. */
  takeLines(bead: string): string[] {
    const sql = "SELECT line, hash FROM event WHERE bead = ? AND line IS NOT NULL ORDER BY row";
    const lines = this.#database.all<Kept>(sql, bead).map((row) => this.#whole(row));
    this.#database.run("UPDATE event SET line = NULL WHERE bead = ?", bead);
    return lines;
  }

  /** Put back what was taken. */
  putBack(lines: readonly string[]): void {
    for (const line of lines) {
      const { writer, seq } = JSON.parse(line) as { writer: string; seq: number };
      const sql = "UPDATE event SET line = ? WHERE writer = ? AND seq = ? AND hash = ?";
      this.#database.run(sql, line, writer, seq, hashLine(line));
    }
  }

  *#walk(settled: number, newestFirst: boolean, after: Place | undefined): Iterable<LogEntry> {
    const [than, order] = newestFirst ? ["<", "DESC"] : [">", "ASC"];
    const key = ["ms", "count", "writer", "seq", "hash"];
    const sql = `SELECT ${columns} FROM event
      WHERE (${key.join(", ")}) ${than} (?, ?, ?, ?, ?) AND row <= ?
      ORDER BY ${key.map((name) => `${name} ${order}`).join(", ")} LIMIT ${pageRows}`;
    const [ms, count] = after?.stamp ?? [newestFirst ? Number.MAX_SAFE_INTEGER : -1, 0];
    let from: SQLInputValue[] = [ms, count, after?.writer ?? "", after?.seq ?? 0];
    from.push(after?.hash ?? "");
    for (;;) {
      const rows = this.#database.all<Row>(sql, ...from, settled);
      for (const row of rows) yield this.#entry(row);
      const last = rows.at(-1);
      if (!last) return;
      from = [last.ms, last.count, last.writer, last.seq, last.hash];
    }
  }

  #entry(row: Row): LogEntry {
    const { writer, seq, hash, ms, count, actor, bead, op, epoch } = row;
    const line = () => (row.line === null ? this.#archivedLine(bead, hash) : this.#whole(row));
    return {
      ...{ stamp: [ms, count], writer, seq, actor, bead, op, epoch: epoch ?? undefined, hash },
      get line() {
        return line();
      },
    };
  }

  #archived(bead: string): readonly string[] {
    const sql = "SELECT block, place FROM bead WHERE uid = ? AND block IS NOT NULL";
    const row = this.#database.get<{ block: number; place: number }>(sql, bead);
    return row ? this.#blocks.read(row.block, row.place).slice(1) : [];
  }

  /** It may have come back since the row was read. */
  #archivedLine(bead: string, hash: string): string {
    const there = this.#archived(bead).find((line) => hashLine(line) === hash);
    if (there !== undefined) return there;
    const sql = "SELECT line, hash FROM event WHERE bead = ? AND hash = ?";
    const row = this.#database.get<Kept>(sql, bead, hash);
    if (row && row.line !== null) return this.#whole(row);
    throw this.#database.damaged(`it lacks the event ${hash} of ${bead}`);
  }

  /** A line that is still the one that was put. */
  #whole({ line, hash }: Kept): string {
    if (line !== null && hashLine(line) === hash) return line;
    throw this.#database.damaged(`the event ${hash} is not as it was put`);
  }
}
