import { type Bead, isHeld } from "./bead.ts";
import { DueQueue } from "./due-queue.ts";
import { Knots, type SavedKnot } from "./knots.ts";
import {
  deferredUntilMs,
  isDispatchable,
  isWork,
  ownState,
  ownWaits,
  parentEdge,
} from "./readiness.ts";
import { type EnrolledRig, rigs } from "./rigs.ts";
import { type Facts, SharedFacts } from "./shared-facts.ts";
import { isWaitType } from "./waiting.ts";
import type { World } from "./world.ts";

/** What is kept of one bead, as JSON. */
export type SavedReadiness = [
  standing: string,
  parent: string | 0,
  work: string | 0,
  lists: number,
  more?: { atMs?: number; knot?: SavedKnot; awaited?: string[] },
];

/**
 * What is open, in hand and ready among the beads of one world.
 *
 * An event costs what it touches: the bead is judged again, with those that wait for it, those that
 * wait for its parent's children, and, where that changes what holds it, those below it. Deferred
 * beads come up by a queue. At any moment it is equal to judging every bead anew.
 */
export class ReadyIndex {
  readonly #world: World;
  /** Beads whose views may be others than those that were judged. */
  readonly #touched = new Set<string>();
  readonly #facts = new Map<string, Facts>();
  readonly #shared = new SharedFacts();
  readonly #marks = {
    /** Held by their own edges or date. */
    holding: new Set<string>(),
    /** The same, or a parent is. */
    waiting: new Set<string>(),
    /** With an edge to what is not here. */
    strangers: new Set<string>(),
    open: new Set<string>(),
    inHand: new Set<string>(),
    ready: new Set<string>(),
  };
  /** By bead, who waits for its children. */
  readonly #waiters = new Map<string, Set<string>>();
  /** The same the other way round. */
  readonly #awaited = new Map<string, Set<string>>();
  readonly #dates = new DueQueue();
  readonly #knots: Knots;
  #enrolled: readonly EnrolledRig[] = [];
  /** Beads of which something else may be kept than at the last checkpoint. */
  #seen = new Set<string>();

  constructor(world: World) {
    this.#world = world;
    this.#knots = new Knots(world, (uid) => this.#waiters.get(uid) ?? []);
  }

  /** A bead may look otherwise from now on. */
  touch(uid: string): void {
    this.#touched.add(uid);
  }

  /** Beads of which something else may be kept than when this was asked last. */
  takeSeen(): Set<string> {
    this.#catchUp(this.#dates.nowMs());
    const seen = this.#seen;
    this.#seen = new Set();
    return seen;
  }

  /** A checkpoint came to nothing. */
  giveBack(seen: ReadonlySet<string>): void {
    for (const uid of seen) this.#seen.add(uid);
  }

  /** What is kept of one bead, for a checkpoint. */
  save(uid: string): SavedReadiness | undefined {
    const facts = this.#facts.get(uid);
    if (!facts) return undefined;
    const lists = this.#lists();
    const flags = lists.reduce((sum, list, bit) => sum + (list.has(uid) ? 1 << bit : 0), 0);
    const saved: SavedReadiness = [facts.standing, facts.parent ?? 0, facts.work ?? 0, flags];
    const more: SavedReadiness[4] = {};
    const atMs = this.#dates.of(uid);
    const knot = this.#knots.save(uid);
    const awaited = this.#awaited.get(uid);
    if (atMs !== undefined) more.atMs = atMs;
    if (knot) more.knot = knot;
    if (awaited) more.awaited = [...awaited];
    if (Object.keys(more).length > 0) saved.push(more);
    return saved;
  }

  /** Take up what was saved of a bead, before anything else happens to it. */
  load(uid: string, [standing, parent, work, flags, more = {}]: SavedReadiness): void {
    this.#facts.set(uid, this.#shared.get(standing, parent || undefined, work || undefined));
    for (const [bit, list] of this.#lists().entries()) if (flags & (1 << bit)) list.add(uid);
    if (more.atMs !== undefined) this.#dates.set(uid, more.atMs);
    if (more.knot) this.#knots.load(uid, more.knot);
    for (const target of more.awaited ?? []) this.#await(uid, target);
  }

  /** All was loaded. */
  loaded(): void {
    this.#enrolled = rigs(this.#world);
  }

  /** Forget a bead that leaves memory. */
  forget(uid: string): void {
    this.#facts.delete(uid);
    for (const list of this.#lists()) list.delete(uid);
    this.#dates.set(uid, Number.NaN);
    this.#knots.forget(uid);
    for (const target of this.#awaited.get(uid) ?? []) this.#waiters.get(target)?.delete(uid);
    this.#awaited.delete(uid);
    this.#touched.delete(uid);
    this.#seen.delete(uid);
  }

  #lists(): Set<string>[] {
    const { holding, waiting, strangers, open, inHand, ready } = this.#marks;
    return [holding, waiting, strangers, open, inHand, ready];
  }

  /** Beads that may be dispatched, in no order. */
  ready(nowMs: number): Bead[] {
    this.#catchUp(nowMs);
    return this.#views(this.#marks.ready);
  }

  /** Open beads that are work, in no order. */
  open(): Bead[] {
    this.#catchUp(this.#dates.nowMs());
    return this.#views(this.#marks.open);
  }

  /** Open work that somebody holds or that was placed, in no order. */
  inHand(): Bead[] {
    this.#catchUp(this.#dates.nowMs());
    return this.#views(this.#marks.inHand);
  }

  #catchUp(nowMs: number): void {
    const due = nowMs === this.#dates.nowMs() ? [] : this.#dates.moveTo(nowMs);
    if (this.#touched.size === 0 && due.length === 0) return;
    const touched = this.#views(this.#touched);
    const waits = new Set([...touched.map(({ uid }) => uid), ...due]);
    const states = new Set<string>();
    const wasRig = new Set(this.#enrolled.map(({ bead }) => bead.uid));
    const sawRig = touched.some(({ uid, issueType }) => issueType === "rig" || wasRig.has(uid));
    const isFirst = this.#facts.size === 0;
    if (sawRig || isFirst) {
      this.#enrolled = rigs(this.#world);
      for (const uid of this.#marks.strangers) waits.add(uid);
    }
    for (const bead of touched) this.#noteWaiters(bead);
    // The first time all are judged anyway.
    if (isFirst) for (const bead of touched) this.#facts.set(bead.uid, this.#shared.of(bead));
    else for (const bead of touched) this.#spread(bead, waits, states);
    this.#touched.clear();
    for (const uid of this.#knots.update(touched, this.#seen)) waits.add(uid);
    for (const uid of waits) this.#judgeOwn(uid, nowMs);
    for (const uid of this.#settle(waits)) states.add(uid);
    for (const uid of [...waits, ...states]) {
      this.#list(uid);
      this.#seen.add(uid);
    }
  }

  #noteWaiters(bead: Bead): void {
    for (const { type, uid } of bead.dependencies) {
      if (type !== "waits-for" || uid === undefined) continue;
      this.#await(bead.uid, uid);
    }
  }

  #await(uid: string, target: string): void {
    put(this.#waiters, target, uid);
    put(this.#awaited, uid, target);
  }

  /** Find who is to be judged again because of one bead: their edges, or only their own state. */
  #spread(bead: Bead, waits: Set<string>, states: Set<string>): void {
    const before = this.#facts.get(bead.uid);
    const after = this.#shared.of(bead);
    if (before === after) return;
    this.#facts.set(bead.uid, after);
    for (const facts of [before, after]) {
      if (facts?.work !== undefined) states.add(facts.work);
      if (facts?.parent === undefined) continue;
      for (const uid of this.#waiters.get(facts.parent) ?? []) waits.add(uid);
    }
    if (before?.standing === after.standing) return;
    for (const { uid, dependencies } of this.#world.dependents(bead.uid)) {
      const isMeant = (type: string) => isWaitType(type) && type !== "parent-child";
      if (dependencies.some((edge) => edge.uid === bead.uid && isMeant(edge.type))) waits.add(uid);
    }
  }

  /** Judge a bead's own edges and date. */
  #judgeOwn(uid: string, nowMs: number): void {
    const bead = this.#world.bead(uid);
    if (!bead) return;
    this.#dates.set(uid, deferredUntilMs(bead));
    const { isDropped } = this.#knots;
    const near = { world: this.#world, nowMs, enrolled: this.#enrolled, isDropped };
    mark(this.#marks.holding, uid, ownWaits(bead, near).blocked.length > 0);
    const isStrange = bead.dependencies.some((edge) => {
      return isWaitType(edge.type) && !(edge.uid !== undefined && this.#world.bead(edge.uid));
    });
    mark(this.#marks.strangers, uid, isStrange);
  }

  /** Bring down to those below what holds these beads now; returns whose answer is another. */
  #settle(uids: Iterable<string>): Set<string> {
    const settled = new Set<string>();
    const flipped = new Set<string>();
    const open = [...uids];
    for (let uid = open.pop(); uid !== undefined; uid = open.pop()) {
      const line: string[] = [];
      const waits = this.#climb(uid, settled, line);
      for (const each of line) {
        // What was not in memory may have been otherwise.
        if (this.#facts.has(each) && this.#marks.waiting.has(each) === waits) continue;
        mark(this.#marks.waiting, each, waits);
        flipped.add(each);
        for (const child of this.#world.dependents(each)) {
          if (parentEdge(child)?.uid === each) open.push(child.uid);
        }
      }
    }
    return flipped;
  }

  /**
   * Whether a bead or one above it is held. All on the way there share the answer: they are put
   * into `line`. A circle of parents of which none is held holds nobody.
   */
  #climb(uid: string, settled: Set<string>, line: string[]): boolean {
    for (let at: string | undefined = uid; at !== undefined; ) {
      if (settled.has(at)) return !line.includes(at) && this.#marks.waiting.has(at);
      settled.add(at);
      line.push(at);
      if (!this.#facts.has(at)) this.#judgeOwn(at, this.#dates.nowMs()); // Not kept in memory.
      if (this.#marks.holding.has(at)) return true;
      const bead = this.#world.bead(at);
      const up = bead && parentEdge(bead);
      at = up && !this.#knots.isDropped(bead, up) ? up.uid : undefined;
    }
    return false;
  }

  /** Put a bead into the lists that it belongs to. */
  #list(uid: string): void {
    const bead = this.#world.bead(uid);
    if (!bead) return;
    const isOpen = bead.status !== "closed" && isWork(bead);
    mark(this.#marks.open, uid, isOpen);
    mark(
      this.#marks.inHand,
      uid,
      isOpen && (isHeld(bead) || bead.fields["gt.placement"] !== undefined),
    );
    const isFree = isOpen && isDispatchable(bead) && !this.#marks.waiting.has(uid);
    mark(this.#marks.ready, uid, isFree && ownState(bead, this.#world).length === 0);
  }

  #views(uids: Iterable<string>): Bead[] {
    const beads: Bead[] = [];
    for (const uid of uids) {
      const bead = this.#world.bead(uid);
      if (bead) beads.push(bead);
    }
    return beads;
  }
}

function put(map: Map<string, Set<string>>, key: string, member: string): void {
  const held = map.get(key);
  if (held) held.add(member);
  else map.set(key, new Set([member]));
}

function mark(set: Set<string>, uid: string, isIn: boolean): void {
  if (isIn) set.add(uid);
  else set.delete(uid);
}
