import { isTownError } from "#services/rpc/town-error.ts";
import { Beads } from "./beads.ts";
import { Chain, type HashesOf, type Head } from "./chain.ts";
import { Checkpoints } from "./checkpoints.ts";
import { type Stamp, stampAbove, tick } from "./clock.ts";
import {
  checkDraft,
  type Draft,
  decodeEvent,
  eventVersion,
  type LedgerEvent,
  writeEvent,
} from "./event.ts";
import { Events } from "./events.ts";
import type { Journal } from "./journal.ts";
import type { Alarm, Change } from "./ledger.ts";
import type { Recovery } from "./recover.ts";
import type { Store } from "./store/store.ts";
import type { StoredEvents } from "./store/stored-events.ts";

const futureMs = 5 * 60_000;
/** Of each kind, so that many of one leave those of the others to be seen. */
const alarmsMax = 200;
/** The incarnation whose segment a place is in. */
const fileOf = /(?:^|\/)([a-z][a-z0-9-]{0,31}\.[a-z0-9]{4,16})\/\d+\.jsonl(?::|$)/;
/** How our own lines begin. */
const headOf = /^\{"v":\d+,"writer":"([a-z0-9.-]+)","seq":(\d+),/;

/** These are seen once, when the event comes; a restart does not see it come again. */
const lastingAlarms = new Set<Alarm["kind"]>(["fork", "broken-chain", "future-clock"]);

/** What a replica is made with. */
export type ReplicaParts = {
  readonly journal: Journal;
  readonly store: Store | undefined;
  readonly nowMs: () => number;
  readonly decode?: (line: string) => LedgerEvent;
};

/** One process's copy of the ledger. */
export class Replica {
  readonly beads: Beads;
  readonly events: Events;
  readonly changes = new Set<(change: Change) => void>();
  readonly alarmListeners = new Set<(alarm: Alarm) => void>();
  readonly alarms: Alarm[] = [];
  readonly #chains = new Map<string, Chain>();
  readonly #stopped = new Set<string>();
  readonly #writer: string;
  readonly #journal: Journal;
  readonly checkpoints: Checkpoints | undefined;
  readonly #stored: StoredEvents | undefined;
  readonly #nowMs: () => number;
  readonly #decode: (line: string) => LedgerEvent;
  #position = 0;
  #clock: Stamp = [0, 0];
  #head: Head = { seq: 0, hash: "" };

  constructor(writer: string, parts: ReplicaParts) {
    const { journal, store, nowMs, decode = decodeEvent } = parts;
    this.#decode = decode;
    this.#writer = writer;
    this.#journal = journal;
    this.#nowMs = nowMs;
    this.#stored = store?.events;
    this.beads = new Beads(store);
    this.events = new Events(store?.events);
    this.checkpoints =
      store && new Checkpoints(store, { journal, beads: this.beads, events: this.events });
    if (store) this.#load(store);
  }

  /** Make a checkpoint of all that is folded by now; nothing where there is no store. */
  async checkpoint(): Promise<void> {
    await this.checkpoints?.make({
      chains: this.#chains,
      stopped: this.#stopped,
      alarms: () => this.alarms.filter(({ kind }) => lastingAlarms.has(kind)),
    });
  }

  /** Take up where the last checkpoint stood. */
  #load(store: Store): void {
    for (const { writer, seq, hash } of store.heads()) {
      this.#chains.set(writer, new Chain({ seq, hash }, this.#hashesOf(writer)));
    }
    for (const alarm of JSON.parse(store.note("alarms") ?? "[]") as Alarm[]) this.alarm(alarm);
    this.receive(JSON.parse(store.note("early") ?? "[]") as string[], "the last checkpoint");
    if (store.discarded === undefined) return;
    const detail = `the checkpoint was ${store.discarded}; it is made anew from the events`;
    this.alarm({ kind: "checkpoint", detail });
  }

  async append(actor: string, drafts: readonly Draft[]): Promise<readonly LedgerEvent[]> {
    if (drafts.length === 0) return [];
    const refusal = this.#journal.refusal();
    if (refusal !== undefined) throw refusal; // Before anything is folded that cannot be kept.
    for (const draft of drafts) checkDraft(actor, draft); // What has a number must get to the disk.
    const events = drafts.map((draft) => this.#stamp(actor, draft));
    const tell = () => {
      for (const event of events) this.#tell(event);
    };
    const lines = events.map(({ line }) => line);
    await this.#journal.append(lines, tell);
    tell();
    return events;
  }

  /** Take up what this machine's earlier incarnations wrote. */
  recover({ torn, lines }: Recovery): void {
    for (const detail of torn) this.alarm({ kind: "torn-tail", detail });
    const early = new Map<string, string>();
    for (const { line, at, fault } of lines) {
      if (fault !== undefined) {
        this.#refuse(at, line, fault);
        continue;
      }
      this.#read(line, at);
      const writer = fileOf.exec(at)?.[1] ?? "";
      if (!early.has(writer) && this.#chains.get(writer)?.gap()) early.set(writer, at);
    }
    // The remote may bring what is missing here; until then the rest of that writer waits.
    for (const writer of this.gaps()) {
      const missing = `${writer}:${this.#chains.get(writer)?.gap()} is missing`;
      const detail = `${early.get(writer) ?? writer}: ${missing}, and this and later events wait`;
      this.alarm({ kind: "gap", detail });
    }
  }

  receive(lines: readonly string[], source: string): void {
    const isFile = source.endsWith(".jsonl");
    for (const [index, line] of lines.entries()) {
      this.#read(line, isFile ? `${source}:${index + 1}` : source);
    }
  }

  #read(line: string, at: string): void {
    if (line === "" || this.#holds(line)) return;
    try {
      const event = this.#decode(line);
      if (!this.#stopped.has(event.writer)) this.#take(event, at);
    } catch (error) {
      if (!isTownError(error, "invalid")) throw error;
      this.#refuse(at, line, error.message);
    }
  }

  /** Git brings whole segments, most of which is known: that is seen without parsing it. */
  #holds(line: string): boolean {
    const [, writer = "", seq] = headOf.exec(line) ?? [];
    return this.#chains.get(writer)?.has(Number(seq), line) === true;
  }

  heads(): ReadonlyMap<string, Head> {
    return new Map([...this.#chains].map(([writer, chain]) => [writer, chain.head()]));
  }

  gaps(): readonly string[] {
    return [...this.#chains].flatMap(([writer, chain]) => (chain.gap() ? [writer] : []));
  }

  alarm(alarm: Alarm): void {
    const alike = this.alarms.filter(({ kind }) => kind === alarm.kind);
    if (alike.length < alarmsMax) this.alarms.push(alarm);
    for (const listener of this.alarmListeners) listener(alarm);
  }

  #stamp(actor: string, draft: Draft): LedgerEvent {
    this.#clock = tick(this.#clock, this.#nowMs());
    const event = writeEvent({
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
    if (draft.op === "tier") {
      const held = this.beads.state(draft.bead); // A move counts only above all before it.
      return [held?.last, held?.tier?.origin].flatMap((origin) => (origin ? [origin.stamp] : []));
    }
    if (draft.op !== "set" && draft.op !== "create") return [];
    const held = this.beads.state(draft.bead)?.fields;
    return Object.keys(draft.values.fields).flatMap((name) => {
      const register = held?.get(name);
      return register ? [register.origin.stamp] : [];
    });
  }

  #take(event: LedgerEvent, at: string): void {
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
      const detail = `${at}: two events ${event.writer}:${seq}; both are kept`;
      this.alarm({ kind: "fork", detail });
    }
    for (const seq of chain.broken.slice(before.broken)) {
      const detail = `${at}: ${event.writer}:${seq} does not follow the event before it`;
      this.alarm({ kind: "broken-chain", detail });
    }
  }

  #fold(event: LedgerEvent): void {
    this.beads.fold(event);
    this.events.add(event);
  }

  /** Stop the fold of the writer whose line cannot be read: what follows may depend on it. */
  #refuse(at: string, line: string, fault: string): void {
    const writer = fileOf.exec(at)?.[1] ?? /"writer":"([a-z0-9.-]{3,50})"/.exec(line)?.[1];
    if (writer !== undefined && this.#stopped.has(writer)) return; // Said once is enough.
    if (writer !== undefined) this.#stopped.add(writer);
    const stop = writer === undefined ? "" : `; the fold of ${writer} stops here`;
    this.alarm({ kind: "bad-line", detail: `${at}: ${fault}${stop}` });
  }

  #tell(event: LedgerEvent): void {
    this.#position += 1;
    if (this.changes.size === 0) return;
    const { beads } = this;
    const change: Change = {
      position: this.#position,
      event,
      get bead() {
        return beads.bead(event.bead); // A view costs more than the event: few listeners look.
      },
    };
    for (const listener of this.changes) listener(change);
  }

  /** What the checkpoints have of a writer: those of this process, too. */
  #hashesOf(writer: string): HashesOf {
    return (seq) => this.#stored?.hashes(writer, seq) ?? [];
  }

  #chain(writer: string): Chain {
    let chain = this.#chains.get(writer);
    if (!chain) {
      chain = new Chain({ seq: 0, hash: "" }, this.#hashesOf(writer));
      this.#chains.set(writer, chain);
    }
    return chain;
  }
}
