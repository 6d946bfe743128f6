import type { Beads } from "./beads.ts";
import type { Chain, Head } from "./chain.ts";
import { type Checkpoint, writeCheckpoint } from "./checkpoint.ts";
import type { Events } from "./events.ts";
import type { Journal } from "./journal.ts";
import type { Alarm } from "./ledger.ts";
import type { Segment } from "./recover.ts";
import type { Store } from "./store/store.ts";

/** What of a replica is put into a checkpoint beside its beads and events. */
export type Standing = {
  readonly chains: ReadonlyMap<string, Chain>;
  /** Writers of whom some line cannot be read. */
  readonly stopped: ReadonlySet<string>;
  /** What a restart would not see again by itself. */
  readonly alarms: () => readonly Alarm[];
};

type Parts = { readonly journal: Journal; readonly beads: Beads; readonly events: Events };

/** The checkpoints of one replica, one after another, and what is noted beside them. */
export class Checkpoints {
  readonly #store: Store;
  readonly #parts: Parts;
  readonly #notes = new Map<string, string>();
  #making: Promise<void> | undefined;

  constructor(store: Store, parts: Parts) {
    this.#store = store;
    this.#parts = parts;
  }

  /** What was noted under a name, here or by an earlier process. */
  noted(name: string): string | undefined {
    return (this.#notes.get(name) ?? this.#store.note(`kept ${name}`)) || undefined;
  }

  note(name: string, value: string): void {
    this.#notes.set(name, value);
  }

  /** Make one of all that is folded by now. */
  async make(standing: Standing): Promise<void> {
    // What is under way may have begun before the last event.
    await this.#making?.catch(() => {});
    if (this.#parts.events.tailLength() === 0 && this.#notes.size === 0) return;
    this.#making ??= this.#make(standing).finally(() => {
      this.#making = undefined;
    });
    await this.#making;
  }

  async #make(standing: Standing): Promise<void> {
    const { journal, beads, events } = this.#parts;
    const heads = [...standing.chains].map(([writer, chain]) => ({ writer, ...chain.head() }));
    const notes = new Map(this.#notes);
    const taken = beads.takeUp();
    const checkpoint: Checkpoint = {
      ...{ beads: taken, events: events.takeUp(), heads },
      notes: this.#notesToKeep(notes, standing),
      ...this.#segments(standing),
    };
    try {
      const isDurable = () => journal.settled();
      const below = await writeCheckpoint(this.#store, beads, checkpoint, isDurable);
      beads.settle(taken, below);
    } catch (error) {
      beads.giveBack(taken);
      throw error;
    }
    events.settle();
    for (const { writer, seq, hash } of heads) {
      const head: Head = { seq, hash };
      standing.chains.get(writer)?.settle(head);
    }
    for (const [name, value] of notes) {
      if (this.#notes.get(name) === value) this.#notes.delete(name);
    }
  }

  /** What stands behind a bad line, or behind a gap, is looked at again. */
  #segments({ stopped, chains }: Standing): Pick<Checkpoint, "segments" | "unread"> {
    const all = this.#parts.journal.segments();
    const isUnread = ({ incarnation }: Segment) => {
      return stopped.has(incarnation) || chains.get(incarnation)?.gap() !== undefined;
    };
    const unread = all.filter(isUnread);
    return {
      segments: all.filter((segment) => !isUnread(segment)),
      unread: unread.map(({ incarnation, name }) => `${incarnation}/${name}`),
    };
  }

  /** Who was stopped by a line that it cannot read has to come to that line again. */
  #notesToKeep(notes: ReadonlyMap<string, string>, standing: Standing): Map<string, string> {
    const isWhole = standing.stopped.size === 0;
    const kept = new Map([...notes].map(([name, value]) => [`kept ${name}`, isWhole ? value : ""]));
    const early = [...standing.chains.values()].flatMap((chain) => chain.waiting());
    kept.set("early", JSON.stringify(early.map(({ line }) => line)));
    return kept.set("alarms", JSON.stringify(standing.alarms()));
  }
}
