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

/** How many beads or events are written before others get their turn. */
const sliceMax = 16;

/**
 * Put a checkpoint into the store, in slices between which the process goes on, and make it stand
 * once `isDurable` has resolved: nothing is in it that a crash could take back.
 *
 * A bead that changes meanwhile may be put with the change. That does no harm: the events after
 * `heads` are folded again by the next start, and folding twice is folding once.
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
  try {
    await inSlices(checkpoint.events, (event) => store.events.put(event));
    const below = await putBeads(store, beads, checkpoint.beads);
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
  }
}

async function putBeads(
  store: Store,
  beads: Beads,
  { changed, cards }: TakenUp,
): Promise<Set<string>> {
  const below = new Set<string>();
  const leaving: Leaving[] = [];
  await inSlices(cards, ([uid, card]) => {
    const state = beads.state(uid);
    if (!changed.has(uid) || !state) {
      store.beads.putCard(uid, card);
      return;
    }
    const bead = beads.bead(uid);
    if (bead && bead.uid === uid && bead.tier !== "active") leaving.push(leave(bead, state));
    else store.beads.putActive(uid, packState(state), card);
  });
  for (const { uid } of leaving) below.add(uid);
  store.beads.putBelow(leaving);
  return below;
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
