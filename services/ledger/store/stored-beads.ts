import type { BeadState } from "../bead-state.ts";
import type { Tier } from "../tier.ts";
import { tiers } from "../tier.ts";
import type { Blocks } from "./blocks.ts";
import type { Database } from "./database.ts";
import { unpackState } from "./pack-state.ts";
import { seal, unseal } from "./seal.ts";
import type { StoredEvents } from "./stored-events.ts";

/** What beads below the active tier are found by. */
export const nameKinds = ["id", "type", "work", "target"] as const;
export type NameKind = (typeof nameKinds)[number];

/** Names under which a bead is found, by kind. */
export type Names = Readonly<Record<NameKind, readonly string[]>>;

/** A bead that leaves memory. */
export type Leaving = {
  readonly uid: string;
  readonly tier: Exclude<Tier, "active">;
  /** As `packState` has it. */
  readonly state: string;
  readonly names: Names;
  /** All of its texts, for the text index; empty for one that is not to be found by text. */
  readonly text: string;
  /** When it ended, `YYYY-MM`. */
  readonly month: string;
};

type Row = {
  key: number;
  tier: number;
  /** Null where it stands in a block. */
  state: string | null;
  block: number | null;
  place: number | null;
};

/** The beads of a store: those of the active tier with their cards, the others with their names. */
export class StoredBeads {
  readonly #database: Database;
  readonly #blocks: Blocks;
  readonly #events: StoredEvents;
  #below: number;
  /** How many more of them the transaction under way makes, and blocks that lost one. */
  #more = 0;
  readonly #left = new Set<number>();

  constructor(database: Database, blocks: Blocks, events: StoredEvents) {
    this.#database = database;
    this.#blocks = blocks;
    this.#events = events;
    const sql = "SELECT count(*) AS n FROM bead WHERE tier > 0";
    this.#below = database.get<{ n: number }>(sql)?.n ?? 0;
  }

  /** How many beads are below the active tier. */
  below(): number {
    return this.#below;
  }

  /** Before the transaction under way is kept: drop what nothing stands in any more. */
  sweep(): void {
    for (const block of this.#left) this.#blocks.sweep(block);
  }

  /** The transaction under way has ended: as told here. */
  settle(isKept: boolean): void {
    if (isKept) this.#below += this.#more;
    this.#more = 0;
    this.#left.clear();
  }

  /** A bead's state, whichever tier it is in. */
  read(uid: string): BeadState | undefined {
    const row = this.#row(uid);
    return row && unpackState(uid, this.#textOf(uid, row));
  }

  /** The state of a bead that is known to be here. */
  mustRead(uid: string): BeadState {
    const state = this.read(uid);
    if (!state) throw this.#database.damaged(`the bead ${uid} is not found in it`);
    return state;
  }

  /** Whether a bead is below the active tier. */
  isBelow(uid: string): boolean {
    if (this.#below === 0) return false;
    const sql = "SELECT tier FROM bead WHERE uid = ?";
    return (this.#database.get<{ tier: number }>(sql, uid)?.tier ?? 0) > 0;
  }

  /** Beads below the active tier by one of their names. */
  named(kind: NameKind, text: string): string[] {
    if (this.#below === 0) return [];
    const sql = "SELECT uid FROM name WHERE kind = ? AND text = ?";
    return this.#database
      .all<{ uid: string }>(sql, nameKinds.indexOf(kind), text)
      .map(({ uid }) => uid);
  }

  /** The cards of the active tier, in no order. */
  *cards(): Iterable<{ readonly uid: string; readonly card: string }> {
    const sql = "SELECT uid, card FROM bead WHERE tier = 0";
    for (const { uid, card } of this.#database.iterate<{ uid: string; card: string }>(sql)) {
      yield { uid, card: this.#unseal(card, uid) };
    }
  }

  /** All beads below the active tier, or of one of them, as they are when the walk comes there. */
  *everyBelow(tier?: Tier): Iterable<string> {
    if (tier === "recent") return yield* this.#everyRecent();
    if (tier === "archive") return yield* this.#everyArchived();
    const were = new Set<string>();
    for (const uid of this.#everyRecent()) {
      were.add(uid);
      yield uid;
    }
    // What is archived meanwhile comes once.
    for (const uid of this.#everyArchived()) if (!were.has(uid)) yield uid;
  }

  *#everyRecent(): Iterable<string> {
    const sql = "SELECT key, uid FROM bead WHERE tier = 1 AND key > ? ORDER BY key LIMIT 256";
    for (let after = 0; ; ) {
      const rows = this.#database.all<{ key: number; uid: string }>(sql, after);
      for (const { uid } of rows) yield uid;
      const last = rows.at(-1);
      if (!last) return;
      after = last.key;
    }
  }

  /** Block by block, so that each is opened once, whenever what is in it was filed. */
  *#everyArchived(): Iterable<string> {
    // Not null, as the index has it.
    const sql = `SELECT block, key, uid FROM bead WHERE block IS NOT NULL
      AND (block, key) > (?, ?) ORDER BY block, key LIMIT 256`;
    for (let after = { block: 0, key: 0 }; ; ) {
      const { block, key } = after;
      const rows = this.#database.all<typeof after & { uid: string }>(sql, block, key);
      for (const { uid } of rows) yield uid;
      const last = rows.at(-1);
      if (!last) return;
      after = last;
    }
  }

  /** Beads below the active tier whose text may hold these, by the text index. */
  withText(match: string): string[] {
    const sql = "SELECT uid FROM bead WHERE tier > 0 AND key IN (SELECT rowid FROM words(?))";
    return this.#database.all<{ uid: string }>(sql, match).map(({ uid }) => uid);
  }

  /** Keep a bead of the active tier. */
  putActive(uid: string, state: string, card: string): void {
    const held = this.#row(uid);
    if (held && held.state === null) this.#comeUp(held);
    if (!held) {
      const sql = "INSERT INTO bead (uid, tier, state, card) VALUES (?, 0, ?, ?)";
      this.#database.run(sql, uid, seal(state), seal(card));
      return;
    }
    this.#forgetNames(uid, held);
    if (held.tier > 0) this.#more -= 1;
    const sql =
      "UPDATE bead SET tier = 0, state = ?, card = ?, block = NULL, place = NULL WHERE key = ?";
    this.#database.run(sql, seal(state), seal(card), held.key);
  }

  /** Write a bead's card alone: its neighbours changed what is known of it. */
  putCard(uid: string, card: string): void {
    this.#database.run("UPDATE bead SET card = ? WHERE uid = ? AND tier = 0", seal(card), uid);
  }

  /** Keep beads that leave memory: each by itself, or many in a compressed block. */
  putBelow(leaving: readonly Leaving[]): void {
    const archived: Leaving[] = [];
    for (const each of leaving) {
      const held = this.#row(each.uid);
      if (held && held.state === null) this.#comeUp(held);
      this.#keepNames(each, held);
      if (!held || held.tier === 0) this.#more += 1;
      if (each.tier === "archive") archived.push(each);
    }
    for (const [month, beads] of Map.groupBy(archived, (each) => each.month)) {
      this.#archive(month, beads);
    }
  }

  #archive(month: string, beads: readonly Leaving[]): void {
    const contents = beads.map(({ uid, state }) => [state, ...this.#events.takeLines(uid)]);
    for (const { block, from, to } of this.#blocks.put(month, contents)) {
      for (let at = from; at < to; at += 1) {
        const sql = "UPDATE bead SET state = NULL, block = ?, place = ? WHERE uid = ?";
        this.#database.run(sql, block, at - from, beads[at]?.uid ?? "");
      }
    }
  }

  /** The bead's events stand in the block with it: put them back where they were. */
  #comeUp({ block, place }: Row): void {
    this.#left.add(block ?? 0);
    const [, ...lines] = this.#blocks.read(block ?? 0, place ?? 0);
    this.#events.putBack(lines);
  }

  #keepNames({ uid, tier, state, names, text }: Leaving, held: Row | undefined): void {
    if (held) this.#forgetNames(uid, held);
    const sql = `INSERT INTO bead (uid, tier, state) VALUES (?, ?, ?) ON CONFLICT (uid)
      DO UPDATE SET tier = excluded.tier, state = excluded.state, card = NULL,
      block = NULL, place = NULL`;
    this.#database.run(sql, uid, tiers.indexOf(tier), seal(state));
    for (const [kind, name] of nameKinds.entries()) {
      for (const each of new Set(names[name])) {
        this.#database.run("INSERT OR IGNORE INTO name VALUES (?, ?, ?)", kind, each, uid);
      }
    }
    const key = this.#row(uid)?.key;
    if (text === "" || key === undefined) return;
    this.#database.run("INSERT INTO words (rowid, text) VALUES (?, ?)", key, text);
  }

  #forgetNames(uid: string, { key, tier }: Row): void {
    if (tier === 0) return;
    this.#database.run("DELETE FROM name WHERE uid = ?", uid);
    this.#database.run("DELETE FROM words WHERE rowid = ?", key);
  }

  #row(uid: string): Row | undefined {
    return this.#database.get("SELECT key, tier, state, block, place FROM bead WHERE uid = ?", uid);
  }

  #textOf(uid: string, { state, block, place }: Row): string {
    if (state !== null) return this.#unseal(state, uid);
    return this.#blocks.read(block ?? 0, place ?? 0)[0] ?? "";
  }

  #unseal(sealed: string, uid: string): string {
    const text = unseal(sealed);
    if (text === undefined) throw this.#database.damaged(`the bead ${uid} is not as it was put`);
    return text;
  }
}
