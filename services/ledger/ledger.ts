import type { Bead } from "./bead.ts";
import { Chain, type Head } from "./chain.ts";
import { type Stamp, stampAbove, tick } from "./clock.ts";
import type { Disk } from "./disk.ts";
import { type Draft, decodeEvent, encodeEvent, eventVersion, type LedgerEvent } from "./event.ts";
import { EventIndex, type Log } from "./event-index.ts";
import { randomBase36 } from "./ids.ts";
import { Journal, type Segment } from "./journal.ts";
import { Beads, type World } from "./world.ts";

/** One event that has been folded here, durable if it is our own. */
export type Change = {
  /** 1, 2, 3 … in the order in which this process told of it; for watches. */
  readonly position: number;
  readonly event: LedgerEvent;
  /** The bead after it; undefined while its creation has not arrived. */
  readonly bead: Bead | undefined;
};

/** A line that could not be folded, or what should not be: somebody may have to look. */
export type Alarm = {
  readonly kind:
    | ("bad-line" | "fork" | "broken-chain" | "torn-tail" | "future-clock")
    | ("rewound-remote" | "bad-edit" | "fenced");
  readonly detail: string;
};

/** What a reader and writer of the ledger can do. */
export type Ledger = {
  /** This process's incarnation, `<machine>.<random>`. */
  readonly writer: string;
  readonly world: World;
  /**
   * Write events as one actor; resolves when all are durable. The world shows them at once, so two
   * decisions in a row see each other; listeners and peers hear of them once they are durable.
   */
  readonly append: (actor: string, drafts: readonly Draft[]) => Promise<readonly LedgerEvent[]>;
  /** Fold lines that came from elsewhere; `source` is for messages. Known ones change nothing. */
  readonly receive: (lines: readonly string[], source: string) => void;
  /** Every event of a bead that was folded here, by uid, the earliest first. */
  readonly history: (uid: string) => readonly LedgerEvent[];
  /** Every event that was folded here by now, the earliest first. */
  readonly log: () => Log;
  readonly onChange: (listener: (change: Change) => void) => () => void;
  readonly onAlarm: (listener: (alarm: Alarm) => void) => () => void;
  /** The newest gapless event of each incarnation. */
  readonly heads: () => ReadonlyMap<string, Head>;
  /** Incarnations of which later events are here and earlier ones are not. */
  readonly gaps: () => readonly string[];
  /** Our own segments with their durable lengths, and their durable bytes. */
  readonly segments: () => readonly Segment[];
  readonly segmentBytes: (segment: Segment) => Promise<Uint8Array>;
  readonly alarms: () => readonly Alarm[];
  /** Raise one, for who reads or writes the ledger's repository. */
  readonly alarm: (alarm: Alarm) => void;
  readonly close: () => Promise<void>;
};

/** What a ledger is opened with. */
export type LedgerOptions = {
  /** The journal's folder: a sub-folder per incarnation. */
  readonly dir: string;
  /** The machine's name, or `town`. */
  readonly machine: string;
  readonly disk: Disk;
  readonly nowMs: () => number;
  readonly random?: (length: number) => string;
};

const futureMs = 5 * 60_000;
const alarmsMax = 1_000;

/** Open a ledger on a folder: read what earlier incarnations wrote, begin a new one. */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { dir, machine, disk, random = randomBase36 } = options;
  const incarnation = `${machine}.${random(8)}`;
  const { journal, recovery } = await Journal.open({ dir, incarnation, disk });
  const replica = new Replica(incarnation, journal, options.nowMs);
  for (const detail of recovery.torn) replica.alarm({ kind: "torn-tail", detail });
  for (const { line, at } of recovery.lines) replica.receive([line], at);
  return {
    writer: incarnation,
    world: replica.beads,
    append: (actor, drafts) => replica.append(actor, drafts),
    receive: (lines, source) => replica.receive(lines, source),
    history: (uid) => replica.index.of(uid),
    log: () => replica.index.all(),
    onChange: (listener) => listen(replica.changes, listener),
    onAlarm: (listener) => listen(replica.alarmListeners, listener),
    heads: () => replica.heads(),
    gaps: () => replica.gaps(),
    segments: () => journal.segments(),
    segmentBytes: (segment) => journal.content(segment),
    alarms: () => replica.alarms,
    alarm: (alarm) => replica.alarm(alarm),
    close: () => journal.close(),
  };
}

function listen<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** One process's copy of the ledger. */
class Replica {
  readonly beads = new Beads();
  readonly index = new EventIndex();
  readonly changes = new Set<(change: Change) => void>();
  readonly alarmListeners = new Set<(alarm: Alarm) => void>();
  readonly alarms: Alarm[] = [];
  readonly #chains = new Map<string, Chain>();
  readonly #stopped = new Set<string>();
  readonly #writer: string;
  readonly #journal: Journal;
  readonly #nowMs: () => number;
  #position = 0;
  #clock: Stamp = [0, 0];
  #head: Head = { seq: 0, hash: "" };

  constructor(writer: string, journal: Journal, nowMs: () => number) {
    this.#writer = writer;
    this.#journal = journal;
    this.#nowMs = nowMs;
  }

  async append(actor: string, drafts: readonly Draft[]): Promise<readonly LedgerEvent[]> {
    if (drafts.length === 0) return [];
    const events = drafts.map((draft) => this.#stamp(actor, draft));
    await this.#journal.append(events.map(({ line }) => line));
    for (const event of events) this.#tell(event);
    return events;
  }

  receive(lines: readonly string[], source: string): void {
    for (const line of lines) {
      if (line === "") continue;
      let event: LedgerEvent;
      try {
        event = decodeEvent(line);
      } catch (error) {
        this.#refuse(source, line, error);
        continue;
      }
      if (!this.#stopped.has(event.writer)) this.#take(event);
    }
  }

  heads(): ReadonlyMap<string, Head> {
    return new Map([...this.#chains].map(([writer, chain]) => [writer, chain.head()]));
  }

  gaps(): readonly string[] {
    return [...this.#chains].flatMap(([writer, chain]) => (chain.gap() ? [writer] : []));
  }

  alarm(alarm: Alarm): void {
    if (this.alarms.length < alarmsMax) this.alarms.push(alarm);
    for (const listener of this.alarmListeners) listener(alarm);
  }

  #stamp(actor: string, draft: Draft): LedgerEvent {
    this.#clock = tick(this.#clock, this.#nowMs());
    const event = encodeEvent({
      v: eventVersion,
      writer: this.#writer,
      seq: this.#head.seq + 1,
      clock: stampAbove(this.#clock, this.#replaced(draft)),
      actor,
      bead: draft.bead,
      op: draft.op,
      values: draft.values as LedgerEvent["values"],
      ...(draft.epoch !== undefined && { epoch: draft.epoch }),
      ...(draft.request !== undefined && { request: draft.request }),
      prev: this.#head.hash,
    });
    this.#head = { seq: event.seq, hash: event.hash };
    this.#chain(event.writer).accept(event);
    this.#fold(event);
    return event;
  }

  /** Stamps of the field values that a draft replaces. */
  #replaced(draft: Draft): Stamp[] {
    if (draft.op !== "set" && draft.op !== "create") return [];
    const held = this.beads.state(draft.bead)?.fields;
    return Object.keys(draft.values.fields).flatMap((name) => {
      const register = held?.get(name);
      return register ? [register.stamp] : [];
    });
  }

  #take(event: LedgerEvent): void {
    const chain = this.#chain(event.writer);
    const before = { broken: chain.broken.length, forks: chain.forks.length };
    const arrival = chain.accept(event);
    if (arrival.kind === "known" || arrival.kind === "early") return;
    for (const next of arrival.events) {
      this.#fold(next);
      if (next.clock[0] > this.#nowMs() + futureMs) {
        const detail = `${next.writer}:${next.seq} is stamped more than 5 minutes ahead`;
        this.alarm({ kind: "future-clock", detail });
      }
      this.#tell(next);
    }
    for (const seq of chain.forks.slice(before.forks)) {
      const detail = `two events ${event.writer}:${seq}; both are kept`;
      this.alarm({ kind: "fork", detail });
    }
    for (const seq of chain.broken.slice(before.broken)) {
      const detail = `${event.writer}:${seq} does not follow the event before it`;
      this.alarm({ kind: "broken-chain", detail });
    }
  }

  #fold(event: LedgerEvent): void {
    this.beads.fold(event);
    this.index.add(event);
  }

  #refuse(source: string, line: string, error: unknown): void {
    const writer = /"writer":"([a-z0-9.-]{3,50})"/.exec(line)?.[1];
    if (writer !== undefined) this.#stopped.add(writer);
    const what = error instanceof Error ? error.message : String(error);
    const stop = writer === undefined ? "" : `; the fold of ${writer} stops here`;
    this.alarm({ kind: "bad-line", detail: `${source}: ${what}${stop}` });
  }

  #tell(event: LedgerEvent): void {
    this.#position += 1;
    const change: Change = {
      position: this.#position,
      event,
      bead: this.beads.bead(event.bead),
    };
    for (const listener of this.changes) listener(change);
  }

  #chain(writer: string): Chain {
    let chain = this.#chains.get(writer);
    if (!chain) {
      chain = new Chain();
      this.#chains.set(writer, chain);
    }
    return chain;
  }
}
