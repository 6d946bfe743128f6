import type { Bead } from "./bead.ts";
import { type BeadState, compareOrigins, emptyBead, type Origin } from "./bead-state.ts";
import { deriveBead, firstCreation, highestClaim } from "./derive.ts";
import type { LedgerEvent } from "./event.ts";
import { foldEvent } from "./fold.ts";
import { ReadyIndex } from "./ready-index.ts";
import { UidIndex } from "./uid-index.ts";

/** Beads as the ledger's readers see them. All look-ups are by index; none walks the whole. */
export type World = {
  /** A bead by uid, id, or former id. Tombstones too. */
  readonly bead: (uidOrId: string) => Bead | undefined;
  /** Every bead of the active tier, tombstones too. */
  readonly all: () => Iterable<Bead>;
  /** Every bead of every tier; reads those below the active one as it comes to them. */
  readonly everywhere: () => Iterable<Bead>;
  /** Beads of one type of the active tier that are not deleted. */
  readonly ofType: (issueType: string) => readonly Bead[];
  /** The same of every tier. */
  readonly everyOfType: (issueType: string) => readonly Bead[];
  /** Direct children, by id. */
  readonly children: (uid: string) => readonly Bead[];
  /** Beads that have an edge to this one. */
  readonly dependents: (uid: string) => readonly Bead[];
  /** Beads whose `gt.work` is this one: molecule root, steps, merge requests. */
  readonly ofWork: (uid: string) => readonly Bead[];
  /** What a request made or changed, by {@link requestKey}. */
  readonly requested: (request: string) => Requested | undefined;
  /** The join of a bead's events: for the fold's proofs and for removals that name additions. */
  readonly state: (uid: string) => BeadState | undefined;
  /** How many beads there are in all tiers. */
  readonly size: () => number;
  /** What is open, in hand and ready. */
  readonly readiness: ReadyIndex;
};

/** A request that was applied; `content` tells one request from another under the same id. */
export type Requested = { readonly bead: string; readonly op: string; readonly content: string };

/** All beads of a replica: folds events, keeps the indexes, derives views when asked. */
export class Beads implements World {
  readonly readiness = new ReadyIndex(this);
  readonly #states = new Map<string, BeadState>();
  readonly #views = new Map<string, Bead>();
  readonly #byId = new UidIndex();
  readonly #byType = new UidIndex();
  readonly #byWork = new UidIndex();
  readonly #byTarget = new UidIndex();
  readonly #requests = new Map<string, Origin & { readonly done: Requested }>();

  /** Fold one event. The caller has made sure that it is folded once per (writer, seq, hash). */
  fold(event: LedgerEvent): void {
    const held = this.#states.get(event.bead);
    const state = held ?? emptyBead(event.bead);
    this.#states.set(event.bead, state);
    const before = { type: fieldText(state, "issue_type"), work: fieldText(state, "gt.work") };
    foldEvent(state, event);
    this.#noteRequest(event);
    this.#reindex(state, before);
    this.#forgetViews(event, state, held === undefined);
  }

  bead(uidOrId: string): Bead | undefined {
    const uid = this.#resolve(uidOrId);
    return uid === undefined ? undefined : this.#view(uid);
  }

  *all(): Iterable<Bead> {
    for (const bead of this.everywhere()) if (bead.tier === "active") yield bead;
  }

  *everywhere(): Iterable<Bead> {
    for (const uid of this.#states.keys()) {
      const bead = this.#view(uid);
      if (bead) yield bead;
    }
  }

  ofType(issueType: string): readonly Bead[] {
    return this.everyOfType(issueType).filter(({ tier }) => tier === "active");
  }

  everyOfType(issueType: string): readonly Bead[] {
    return this.#viewsOf(this.#byType.of(issueType)).filter((bead) => {
      return bead.issueType === issueType && !bead.deleted;
    });
  }

  children(uid: string): readonly Bead[] {
    const children = this.dependents(uid).filter((bead) => bead.parent === uid && !bead.deleted);
    return children.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  dependents(uid: string): Bead[] {
    const sources = [...this.#names(uid)].flatMap((name) => [...this.#byTarget.of(name)]);
    return this.#viewsOf(new Set(sources)).filter((bead) =>
      bead.dependencies.some((d) => d.uid === uid),
    );
  }

  ofWork(uid: string): readonly Bead[] {
    return this.#viewsOf(this.#byWork.of(uid)).filter((bead) => bead.fields["gt.work"] === uid);
  }

  requested(request: string): Requested | undefined {
    return this.#requests.get(request)?.done;
  }

  state(uid: string): BeadState | undefined {
    return this.#states.get(uid);
  }

  size(): number {
    return this.#states.size;
  }

  #reindex(state: BeadState, before: { type: string; work: string }): void {
    for (const { id } of state.creations.values()) this.#byId.add(id, state.uid);
    const type = fieldText(state, "issue_type") || "task";
    if (type !== before.type) this.#byType.add(type, state.uid);
    const work = fieldText(state, "gt.work");
    if (work !== "" && work !== before.work) this.#byWork.add(work, state.uid);
    for (const element of state.edges.values()) {
      for (const { value } of element.added.values()) this.#byTarget.add(value.to, state.uid);
    }
  }

  /** Of two applications the earlier one is remembered, whichever came first. */
  #noteRequest(event: LedgerEvent): void {
    const [request = "", content = ""] = event.request?.split(":") ?? [];
    if (request === "") return;
    const { clock: stamp, writer, hash, actor, bead, op } = event;
    const noted = { stamp, writer, hash, actor, done: { bead, op, content } };
    const held = this.#requests.get(request);
    if (!held || compareOrigins(noted, held) < 0) this.#requests.set(request, noted);
  }

  /** A bead's view shows its neighbours' names and claims: forget those that this event touches. */
  #forgetViews(event: LedgerEvent, state: BeadState, isNew: boolean): void {
    this.#forget(event.bead);
    if (event.op === "claim" || event.op === "release") {
      for (const uid of this.#byWork.of(event.bead)) this.#forget(uid);
    }
    if (event.op !== "create") {
      if (isNew) this.#forgetSources(event.bead); // Its uid means something from now on.
      return;
    }
    // Its name may change, and so may the names of all that were created under one of its ids.
    const sharers = [...state.creations.values()].flatMap(({ id }) => [...this.#byId.of(id)]);
    for (const uid of new Set(sharers)) {
      this.#forget(uid);
      for (const name of this.#names(uid)) this.#forgetSources(name);
    }
  }

  #forget(uid: string): void {
    this.#views.delete(uid);
    this.readiness.touch(uid);
  }

  #forgetSources(target: string): void {
    for (const source of this.#byTarget.of(target)) this.#forget(source);
  }

  /** All that an edge to this bead may be written with. */
  #names(uid: string): Set<string> {
    const names = new Set([uid]);
    for (const { id } of this.#states.get(uid)?.creations.values() ?? []) {
      names.add(id).add(renamed(id, uid));
    }
    return names;
  }

  #view(uid: string): Bead | undefined {
    const held = this.#views.get(uid);
    if (held) return held;
    const state = this.#states.get(uid);
    if (!state || state.creations.size === 0) return undefined; // Its creation has not arrived yet.
    const bead = deriveBead(state, {
      resolve: (to) => {
        const target = this.#resolve(to);
        return target === undefined ? undefined : { uid: target, id: this.#name(target) };
      },
      name: (of) => this.#name(of),
      highestClaim: (of) => {
        const work = this.#states.get(of);
        return work && highestClaim(work);
      },
    });
    this.#views.set(uid, bead);
    return bead;
  }

  #viewsOf(uids: Iterable<string> | undefined): Bead[] {
    const beads: Bead[] = [];
    for (const uid of uids ?? []) {
      const bead = this.#view(uid);
      if (bead) beads.push(bead);
    }
    return beads;
  }

  #resolve(uidOrId: string): string | undefined {
    if (this.#states.has(uidOrId)) return uidOrId;
    const sharers = this.#sharers(uidOrId);
    if (sharers[0]) return sharers[0];
    const cut = uidOrId.lastIndexOf("~");
    if (cut < 0) return undefined;
    const renamed = this.#sharers(uidOrId.slice(0, cut));
    return renamed.find((uid) => this.#name(uid) === uidOrId);
  }

  /** The beads that were created under one id, the first one first: it keeps the name. */
  #sharers(id: string): string[] {
    const uids = [...this.#byId.of(id)];
    if (uids.length < 2) return uids;
    const dated = uids.flatMap((uid) => {
      const state = this.#states.get(uid);
      const creation = state && firstCreation(state);
      return creation?.id === id ? [{ uid, creation }] : [];
    });
    return dated.sort((a, b) => compareOrigins(a.creation, b.creation)).map(({ uid }) => uid);
  }

  #name(uid: string): string {
    const state = this.#states.get(uid);
    const id = (state && firstCreation(state)?.id) ?? uid;
    const sharers = this.#sharers(id);
    return sharers.length < 2 || sharers[0] === uid ? id : renamed(id, uid);
  }
}

/** The name of a bead whose id another one had first. */
function renamed(id: string, uid: string): string {
  return `${id}~${uid.slice(0, 4)}`;
}

function fieldText(state: BeadState, name: string): string {
  const value = state.fields.get(name)?.value;
  return typeof value === "string" ? value : "";
}
