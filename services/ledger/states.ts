import type { Bead } from "./bead.ts";
import { type BeadState, emptyBead } from "./bead-state.ts";
import { BoundedMap } from "./bounded-map.ts";
import { firstCreation } from "./derive.ts";
import { namesOf } from "./names.ts";
import type { Store } from "./store/store.ts";
import type { Names } from "./store/stored-beads.ts";

/** A bead in memory. */
export type Resident = {
  /** The id of its first creation; empty while none has arrived. */
  id: string;
  /** Undefined while only the store has it. */
  state: BeadState | undefined;
  /** As it was derived last; undefined once something changed. */
  view: Bead | undefined;
};

/** A state to be changed. */
export type OpenState = {
  readonly state: BeadState;
  /** Nothing was known of it before. */
  readonly isNew: boolean;
  /** It was below the active tier, and is in memory now. */
  readonly hasRisen: boolean;
};

/** A bead that left memory, and what it was found by. */
export type Gone = { readonly uid: string; readonly names: Names };

/** How many states are kept that the store has, and that nobody changes. */
const readMax = 2_000;

/** The states of all beads: in memory, or read from the store. */
export class States {
  readonly #store: Store | undefined;
  readonly #residents = new Map<string, Resident>();
  /** Residents that the store has below the active tier. */
  readonly #risen = new Set<string>();
  #changed = new Set<string>();
  readonly #read = new BoundedMap<BeadState>(readMax);

  constructor(store: Store | undefined) {
    this.#store = store;
  }

  get(uid: string): BeadState | undefined {
    const resident = this.#residents.get(uid);
    return resident ? (resident.state ?? this.#left(uid)) : this.#stored(uid);
  }

  resident(uid: string): Resident | undefined {
    return this.#residents.get(uid);
  }

  residents(): Iterable<string> {
    return this.#residents.keys();
  }

  /** Beads that are not in memory: all as they are when the walk comes to them, or of these. */
  *below(uids?: Iterable<string>): Iterable<{ readonly uid: string; readonly state: BeadState }> {
    for (const uid of uids ?? this.#store?.beads.everyBelow() ?? []) {
      // Not kept: a walk would push out what is asked for.
      const state = this.#residents.has(uid) ? undefined : this.#store?.beads.read(uid);
      if (state) yield { uid, state };
    }
  }

  isThere(uid: string): boolean {
    return this.#residents.has(uid) || this.#store?.beads.isBelow(uid) === true;
  }

  size(): number {
    return this.#residents.size - this.#risen.size + (this.#store?.beads.below() ?? 0);
  }

  /** Its first id; empty while none has arrived. */
  firstId(uid: string): string {
    const resident = this.#residents.get(uid);
    if (resident) return resident.id;
    const state = this.#stored(uid);
    return (state && firstCreation(state)?.id) ?? "";
  }

  /** Take a bead's state to change it. */
  open(uid: string): OpenState {
    this.#changed.add(uid);
    const resident = this.#residents.get(uid);
    if (resident?.state) return { state: resident.state, isNew: false, hasRisen: false };
    const stored = resident ? this.#left(uid) : this.#stored(uid);
    this.#read.delete(uid);
    const state = stored ?? emptyBead(uid);
    if (resident) {
      resident.state = state;
      return { state, isNew: false, hasRisen: false };
    }
    const id = firstCreation(state)?.id ?? "";
    this.#residents.set(uid, { id, state, view: undefined });
    if (stored) this.#risen.add(uid);
    return { state, isNew: !stored, hasRisen: stored !== undefined };
  }

  /** Note one that the store has in the active tier. */
  admit(uid: string, id: string): void {
    this.#residents.set(uid, { id, state: undefined, view: undefined });
  }

  /** What changed since the last checkpoint took it up. */
  takeUp(): Set<string> {
    const taken = this.#changed;
    this.#changed = new Set();
    return taken;
  }

  /** A checkpoint came to nothing: the next one takes this up. */
  giveBack(taken: ReadonlySet<string>): void {
    for (const uid of taken) this.#changed.add(uid);
  }

  /** The store has these now, unless they changed meanwhile; returns those to be forgotten. */
  settle(taken: ReadonlySet<string>, below: ReadonlySet<string>): Gone[] {
    const gone: Gone[] = [];
    for (const uid of taken) {
      const resident = this.#residents.get(uid);
      if (!resident || this.#changed.has(uid)) {
        if (below.has(uid)) this.#risen.add(uid);
        else this.#risen.delete(uid);
        continue;
      }
      this.#risen.delete(uid);
      if (below.has(uid) && resident.state) gone.push({ uid, names: namesOf(resident.state) });
      resident.state = undefined;
    }
    for (const { uid } of gone) this.#residents.delete(uid);
    return gone;
  }

  /** What the last checkpoint took out of memory: it is there, or the store is damaged. */
  #left(uid: string): BeadState | undefined {
    return this.#stored(uid) ?? this.#store?.beads.mustRead(uid);
  }

  #stored(uid: string): BeadState | undefined {
    if (!this.#store) return undefined;
    const held = this.#read.get(uid);
    if (held) return held;
    const state = this.#store.beads.read(uid);
    if (state) this.#read.set(uid, state);
    return state;
  }
}
