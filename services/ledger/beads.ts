import { type Bead, isTrace } from "./bead.ts";
import type { BeadState } from "./bead-state.ts";
import { BoundedMap } from "./bounded-map.ts";
import { readCard, writeCard } from "./card.ts";
import { deriveBead, firstCreation, highestClaim, type Neighbours } from "./derive.ts";
import type { LedgerEvent } from "./event.ts";
import { foldEvent } from "./fold.ts";
import { fieldText, NameIndex, namesOf } from "./names.ts";
import { Naming } from "./naming.ts";
import { ReadyIndex } from "./ready-index.ts";
import { type Requested, Requests } from "./requests.ts";
import { indexQuery, type Query } from "./search.ts";
import { type OpenState, States } from "./states.ts";
import type { Store } from "./store/store.ts";
import type { Tier } from "./tier.ts";
import { isOfType, TypedBeads, typeOf } from "./typed-beads.ts";
import type { World } from "./world.ts";

/** How many views of beads below the active tier are kept. */
const readMax = 2_000;

/** What one checkpoint puts into the store. */
export type TakenUp = {
  /** Beads that were written to. */
  readonly changed: ReadonlySet<string>;
  /** Beads that stand otherwise, by others' events maybe. */
  readonly seen: ReadonlySet<string>;
  /** By uid, of all of these. */
  readonly cards: ReadonlyMap<string, string>;
  readonly requests: ReturnType<Requests["noted"]>;
};

/**
 * All beads of a replica: folds events, keeps the indexes, derives views when asked.
 *
 * With a store, memory has what changed since the last checkpoint, the views of the active tier as
 * far as anybody asked for them, and what all of that tier are found by. The rest is read.
 */
export class Beads implements World {
  readonly readiness: ReadyIndex;
  /** Told before a bead changes: by a checkpoint that has yet to put it as it was. */
  beforeFold?: ((uid: string) => void) | undefined;
  readonly #store: Store | undefined;
  readonly #states: States;
  readonly #names: NameIndex;
  readonly #naming: Naming;
  readonly #requests: Requests;
  readonly #typed = new TypedBeads();
  /** Views of beads that are not in memory. */
  readonly #readViews = new BoundedMap<Bead>(readMax);

  constructor(store?: Store) {
    this.#store = store;
    this.#states = new States(store);
    this.#names = new NameIndex(store?.beads);
    this.#naming = new Naming(this.#states, this.#names);
    this.#requests = new Requests(store);
    this.readiness = new ReadyIndex(this);
    if (store) this.#load(store);
  }

  /** Fold one event. The caller has made sure that it is folded once per (writer, seq, hash). */
  fold(event: LedgerEvent): void {
    const { bead: uid } = event;
    this.beforeFold?.(uid);
    const { state, isNew } = this.#open(uid);
    const before = { type: isNew ? "" : typeOf(state), work: fieldText(state, "gt.work") };
    foldEvent(state, event);
    this.#requests.note(event);
    this.#reindex(state, event, before);
    this.#forgetViews(event, state, isNew);
  }

  bead(uidOrId: string): Bead | undefined {
    const uid = this.#naming.resolve(uidOrId);
    return uid === undefined ? undefined : this.#view(uid);
  }

  *all(): Iterable<Bead> {
    for (const uid of this.#states.residents()) {
      const bead = this.#view(uid);
      if (bead?.tier === "active") yield bead;
    }
  }

  *everywhere(): Iterable<Bead> {
    yield* this.#viewsOf(this.#states.residents());
    for (const { state } of this.#states.below()) {
      const bead = this.#derive(state);
      if (bead) yield bead;
    }
  }

  *inTier(tier: Tier): Iterable<Bead> {
    for (const uid of this.#states.residents()) {
      const bead = this.#view(uid);
      if (bead?.tier === tier) yield bead;
    }
    for (const { state } of this.#states.below(this.#store?.beads.everyBelow(tier))) {
      const bead = this.#derive(state);
      if (bead) yield bead;
    }
  }

  ofType(issueType: string): readonly Bead[] {
    return this.#typed.of(issueType, () => this.#viewsOf(this.#names.near("type", issueType)));
  }

  everyOfType(issueType: string): readonly Bead[] {
    const beads = this.#viewsOf(this.#names.of("type", issueType));
    return [...beads].filter((bead) => isOfType(bead, issueType));
  }

  children(uid: string): readonly Bead[] {
    const children = this.dependents(uid).filter((bead) => bead.parent === uid && !bead.deleted);
    return children.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  dependents(uid: string): Bead[] {
    const sources = [...this.#naming.writtenAs(uid)].flatMap((name) => [
      ...this.#names.of("target", name),
    ]);
    return [...this.#viewsOf(new Set(sources))].filter((bead) => {
      return !isTrace(bead) && bead.dependencies.some((d) => d.uid === uid);
    });
  }

  ofWork(uid: string): readonly Bead[] {
    const beads = this.#viewsOf(this.#names.of("work", uid));
    return [...beads].filter((bead) => !isTrace(bead) && bead.fields["gt.work"] === uid);
  }

  *found(query: Query): Iterable<Bead> {
    const match = indexQuery(query);
    for (const uid of this.#states.residents()) {
      const bead = this.#view(uid); // Moved since the last checkpoint.
      if (bead && bead.tier !== "active") yield bead;
    }
    const uids = match === undefined ? undefined : this.#store?.beads.withText(match);
    for (const { state } of this.#states.below(uids)) {
      const bead = this.#derive(state);
      if (bead) yield bead;
    }
  }

  requested(request: string): Requested | undefined {
    return this.#requests.of(request);
  }

  state(uid: string): BeadState | undefined {
    return this.#states.get(uid);
  }

  size(): number {
    return this.#states.size();
  }

  /** Take up what the last checkpoint left: what the active tier is found by, and how it stands. */
  #load(store: Store): void {
    for (const { uid, card } of store.beads.cards()) {
      const { names, readiness } = readCard(card);
      this.#states.admit(uid, names.id[0] ?? "");
      this.#names.addAll(uid, names);
      if (readiness) this.readiness.load(uid, readiness);
    }
    this.readiness.loaded();
  }

  /** What a checkpoint is to put into the store: all of one moment. */
  takeUp(): TakenUp {
    const seen = this.readiness.takeSeen();
    const changed = this.#states.takeUp();
    const cards = new Map<string, string>();
    for (const uid of new Set([...changed, ...seen])) {
      const state = this.#states.get(uid);
      if (state) cards.set(uid, writeCard(namesOf(state), this.readiness.save(uid)));
    }
    return { changed, seen, cards, requests: this.#requests.noted() };
  }

  /** The checkpoint came to nothing. */
  giveBack({ changed, seen }: TakenUp): void {
    this.#states.giveBack(changed);
    this.readiness.giveBack(seen);
  }

  /** The checkpoint is there: what the store has need not be in memory. */
  settle({ changed, requests }: TakenUp, below: ReadonlySet<string>): void {
    this.#requests.settle(requests);
    for (const { uid, names } of this.#states.settle(changed, below)) {
      this.#names.remove(uid, names);
      this.readiness.forget(uid);
    }
  }

  #reindex(state: BeadState, event: LedgerEvent, before: { type: string; work: string }): void {
    const { uid } = state;
    if (event.op === "create") {
      for (const { id } of state.creations.values()) this.#names.add("id", id, uid);
      const resident = this.#states.resident(uid);
      if (resident) resident.id = firstCreation(state)?.id ?? "";
    }
    const type = typeOf(state);
    if (type !== before.type) {
      this.#names.add("type", type, uid);
      this.#typed.forget(type);
    }
    const work = fieldText(state, "gt.work");
    if (work !== "" && work !== before.work) this.#names.add("work", work, uid);
    if (event.op !== "create" && event.op !== "link") return;
    for (const element of state.edges.values()) {
      for (const { value } of element.added.values()) this.#names.add("target", value.to, uid);
    }
  }

  /** A bead's view shows its neighbours' names and claims: forget those that this event touches. */
  #forgetViews(event: LedgerEvent, state: BeadState, isNew: boolean): void {
    this.#forget(event.bead);
    if (event.op === "claim" || event.op === "release") {
      for (const uid of this.#names.of("work", event.bead)) this.#review(uid);
    }
    if (event.op !== "create") {
      if (isNew) this.#forgetSources(event.bead); // Its uid means something from now on.
      return;
    }
    // Its name may change, and those of all that were created under one of its ids.
    const ids = [...state.creations.values()].map(({ id }) => id);
    for (const uid of new Set(ids.flatMap((id) => [...this.#names.of("id", id)]))) {
      this.#forget(uid);
      for (const name of this.#naming.writtenAs(uid)) this.#forgetSources(name);
    }
  }

  /** A claim may take back the close under which a bead had ended, and was moved down. */
  #review(uid: string): void {
    this.#forget(uid);
    if (this.state(uid)?.tier === undefined || this.#view(uid)?.tier !== "active") return;
    this.#open(uid);
    this.#forget(uid);
  }

  #open(uid: string): OpenState {
    const opened = this.#states.open(uid);
    if (opened.hasRisen) {
      this.#readViews.delete(uid);
      this.#names.addAll(uid, namesOf(opened.state));
    }
    return opened;
  }

  #forget(uid: string): void {
    const resident = this.#states.resident(uid);
    if (!resident) {
      this.#readViews.delete(uid);
      return;
    }
    if (resident.view) this.#typed.forget(resident.view.issueType);
    else if (resident.state) this.#typed.forget(typeOf(resident.state)); // It may be new.
    resident.view = undefined;
    this.readiness.touch(uid);
  }

  #forgetSources(target: string): void {
    for (const source of this.#names.of("target", target)) this.#forget(source);
  }

  #view(uid: string): Bead | undefined {
    const resident = this.#states.resident(uid);
    const held = resident ? resident.view : this.#readViews.get(uid);
    if (held) return held;
    const bead = this.#derive(this.#states.get(uid));
    if (resident) resident.view = bead;
    else if (bead && !isTrace(bead)) this.#readViews.set(uid, bead); // Or none forgets it.
    return bead;
  }

  #derive(state: BeadState | undefined): Bead | undefined {
    if (!state || state.creations.size === 0) return undefined; // Its creation has not arrived yet.
    return deriveBead(state, this.#near);
  }

  readonly #near: Neighbours = {
    resolve: (to) => {
      const target = this.#naming.resolve(to);
      return target === undefined ? undefined : { uid: target, id: this.#naming.name(target) };
    },
    name: (of) => this.#naming.name(of),
    highestClaim: (of) => {
      const work = this.state(of);
      return work && highestClaim(work);
    },
  };

  *#viewsOf(uids: Iterable<string>): Iterable<Bead> {
    for (const uid of uids) {
      const bead = this.#view(uid);
      if (bead) yield bead;
    }
  }
}
