import { setImmediate } from "node:timers/promises";
import type { Bead } from "./bead.ts";
import type { BeadState } from "./bead-state.ts";
import type { Beads, TakenUp } from "./beads.ts";
import type { LogEntry } from "./event-log.ts";
import { namesOf } from "./names.ts";
import type { Segment } from "./recover.ts";
import { searchedText } from "./search.ts";
import { packState } from "./store/pack-state.ts";
import type { Store, StoredHead } from "./store/store.ts";
import type { Leaving } from "./store/stored-beads.ts";

/** What one checkpoint is made of, all of one moment. */
export type Checkpoint = {
  readonly beads: TakenUp;
  readonly events: Iterable<LogEntry>;
  /** How far each writer was folded. */
  readonly heads: readonly StoredHead[];
  /** Our own segments, as far as they are durable and folded. */
  readonly segments: readonly Segment[];
  /** Segments of which some line cannot be read: looked at again by each start. */
  readonly unread: readonly string[];
  readonly notes: ReadonlyMap<string, string>;
};

/** How many beads go down before others get their turn: many enough to fill a block. */
const leavingMax = 256;
/** How many beads or events are written before others get their turn. */
const sliceMax = 16;

/**
 * Put a checkpoint into the store, in slices between which the process goes on, and make it stand
 * once `isDurable` has resolved: nothing is in it that a crash could take back.
 *
 * A bead that changes meanwhile is put as it was before: what its neighbours' cards say of it would
 * be wrong otherwise, and an event of which it shows the effect may never come again.
 *
 * @returns uids that the store now has below the active tier
 */
export async function writeCheckpoint(
  store: Store,
  beads: Beads,
  checkpoint: Checkpoint,
  isDurable: () => Promise<void>,
): Promise<ReadonlySet<string>> {
  store.begin();
  const waiting = new Waiting(beads, checkpoint.beads);
  try {
    await inSlices(checkpoint.events, (event) => store.events.put(event));
    const below = await putBeads(store, waiting, checkpoint.beads);
    for (const [key, noted] of checkpoint.beads.requests) {
      store.putRequest(key, JSON.stringify(noted));
    }
    for (const head of checkpoint.heads) store.putHead(head);
    for (const { incarnation, name, durableBytes } of checkpoint.segments) {
      store.putSegment(`${incarnation}/${name}`, durableBytes);
    }
    for (const path of checkpoint.unread) store.dropSegment(path);
    for (const [name, value] of checkpoint.notes) store.putNote(name, value);
    await isDurable();
    store.commit();
    return below;
  } catch (error) {
    store.rollback();
    throw error;
  } finally {
    waiting.end();
  }
}

async function putBeads(
  store: Store,
  waiting: Waiting,
  { changed, cards }: TakenUp,
): Promise<Set<string>> {
  const leaving: Leaving[] = [];
  await inSlices(cards, ([uid, card]) => {
    const put = changed.has(uid) ? waiting.take(uid) : undefined;
    if (!put) store.beads.putCard(uid, card);
    else if (put.tier === "active") store.beads.putActive(uid, put.state, card);
    else leaving.push(put);
  });
  // By month, since a block is of one.
  leaving.sort((a, b) => (a.month < b.month ? -1 : Number(a.month > b.month)));
  for (let at = 0; at < leaving.length; at += leavingMax) {
    store.beads.putBelow(leaving.slice(at, at + leavingMax));
    await setImmediate();
  }
  return new Set(leaving.map(({ uid }) => uid));
}

type Staying = { readonly tier: "active"; readonly state: string };

/** The beads that a checkpoint has yet to put: packed when their turn comes, or before a change. */
class Waiting {
  readonly #beads: Beads;
  readonly #left: Set<string>;
  readonly #packed = new Map<string, Leaving | Staying>();

  constructor(beads: Beads, { changed }: TakenUp) {
    this.#beads = beads;
    this.#left = new Set(changed);
    beads.beforeFold = (uid) => this.#pack(uid);
  }

  take(uid: string): Leaving | Staying | undefined {
    this.#pack(uid);
    const packed = this.#packed.get(uid);
    this.#packed.delete(uid);
    return packed;
  }

  end(): void {
    this.#beads.beforeFold = undefined;
  }

  #pack(uid: string): void {
    const state = this.#left.delete(uid) ? this.#beads.state(uid) : undefined;
    if (!state) return;
    const bead = this.#beads.bead(uid);
    const isBelow = bead && bead.uid === uid && bead.tier !== "active";
    const staying = () => ({ tier: "active", state: packState(state) }) as const;
    this.#packed.set(uid, isBelow ? leave(bead, state) : staying());
  }
}

function leave(bead: Bead, state: BeadState): Leaving {
  const { uid, deleted } = bead;
  const names = namesOf(state);
  // What was deleted is found by its name alone.
  const found = deleted ? { ...names, type: [], work: [], target: [] } : names;
  const ended = bead.closedAt ?? bead.updatedAt;
  const parts = {
    uid,
    state: packState(state),
    names: found,
    text: deleted ? "" : searchedText(bead),
    month: /^\d{4}-\d\d/.exec(ended)?.[0] ?? "",
  };
  return { ...parts, tier: bead.tier === "recent" ? "recent" : "archive" };
}

async function inSlices<T>(items: Iterable<T>, put: (item: T) => void): Promise<void> {
  let count = 0;
  for (const item of items) {
    put(item);
    count += 1;
    if (count % sliceMax === 0) await setImmediate();
  }
}
