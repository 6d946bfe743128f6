import { type Bead, isHeld } from "./bead.ts";
import { DueQueue } from "./due-queue.ts";
import { Knots } from "./knots.ts";
import {
  closedAsFailed,
  deferredUntilMs,
  isDispatchable,
  isWork,
  ownState,
  ownWaits,
  parentEdge,
} from "./readiness.ts";
import { type EnrolledRig, rigs } from "./rigs.ts";
import { isWaitType } from "./waiting.ts";
import type { World } from "./world.ts";

/** What of a bead decides about others. Equal ones are one object. */
type Facts = {
  /** How it stands for those that wait for it. */
  readonly standing: string;
  readonly parent: string | undefined;
  /** The work that it holds as a merge request. */
  readonly work: string | undefined;
};

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
  readonly #sharedFacts = new Map<string, Facts>();
  /** Held by their own edges or date. */
  readonly #holding = new Set<string>();
  /** The same, or a parent is. */
  readonly #waiting = new Set<string>();
  /** With an edge to what is not here. */
  readonly #strangers = new Set<string>();
  /** By bead, who waits for its children. */
  readonly #waiters = new Map<string, Set<string>>();
  readonly #open = new Set<string>();
  readonly #inHand = new Set<string>();
  readonly #ready = new Set<string>();
  readonly #dates = new DueQueue();
  readonly #knots: Knots;
  #enrolled: readonly EnrolledRig[] = [];

  constructor(world: World) {
    this.#world = world;
    this.#knots = new Knots(world, (uid) => this.#waiters.get(uid) ?? []);
  }

  /** A bead may look otherwise from now on. */
  touch(uid: string): void {
    this.#touched.add(uid);
  }

  /** Beads that may be dispatched, in no order. */
  ready(nowMs: number): Bead[] {
    this.#catchUp(nowMs);
    return this.#views(this.#ready);
  }

  /** Open beads that are work, in no order. */
  open(): Bead[] {
    this.#catchUp(this.#dates.nowMs());
    return this.#views(this.#open);
  }

  /** Open work that somebody holds or that was placed, in no order. */
  inHand(): Bead[] {
    this.#catchUp(this.#dates.nowMs());
    return this.#views(this.#inHand);
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
      for (const uid of this.#strangers) waits.add(uid);
    }
    for (const bead of touched) this.#noteWaiters(bead);
    // The first time all are judged anyway.
    if (isFirst) for (const bead of touched) this.#facts.set(bead.uid, this.#factsOf(bead));
    else for (const bead of touched) this.#spread(bead, waits, states);
    this.#touched.clear();
    for (const uid of this.#knots.update(touched)) waits.add(uid);
    for (const uid of waits) this.#judgeOwn(uid, nowMs);
    for (const uid of this.#settle(waits)) states.add(uid);
    for (const uid of [...waits, ...states]) this.#list(uid);
  }

  #noteWaiters(bead: Bead): void {
    for (const { type, uid } of bead.dependencies) {
      if (type !== "waits-for" || uid === undefined) continue;
      const held = this.#waiters.get(uid);
      if (held) held.add(bead.uid);
      else this.#waiters.set(uid, new Set([bead.uid]));
    }
  }

  /** Find who is to be judged again because of one bead: their edges, or only their own state. */
  #spread(bead: Bead, waits: Set<string>, states: Set<string>): void {
    const before = this.#facts.get(bead.uid);
    const after = this.#factsOf(bead);
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

  #factsOf(bead: Bead): Facts {
    const failed = closedAsFailed(bead) ? " failed" : "";
    const standing = `${bead.status}${failed}${bead.deleted ? " deleted" : ""}`;
    const isRequest = bead.issueType === "merge-request";
    const named = isRequest ? bead.fields["gt.work"] : undefined;
    const work = typeof named === "string" ? named : undefined;
    const key = JSON.stringify([standing, bead.parent, work]);
    const shared = this.#sharedFacts.get(key);
    if (shared) return shared;
    const facts = { standing, parent: bead.parent, work };
    this.#sharedFacts.set(key, facts);
    return facts;
  }

  /** Judge a bead's own edges and date. */
  #judgeOwn(uid: string, nowMs: number): void {
    const bead = this.#world.bead(uid);
    if (!bead) return;
    this.#dates.set(uid, deferredUntilMs(bead));
    const { isDropped } = this.#knots;
    const near = { world: this.#world, nowMs, enrolled: this.#enrolled, isDropped };
    mark(this.#holding, uid, ownWaits(bead, near).blocked.length > 0);
    const isStrange = bead.dependencies.some((edge) => {
      return isWaitType(edge.type) && !(edge.uid !== undefined && this.#world.bead(edge.uid));
    });
    mark(this.#strangers, uid, isStrange);
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
        if (this.#waiting.has(each) === waits) continue;
        mark(this.#waiting, each, waits);
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
      if (settled.has(at)) return !line.includes(at) && this.#waiting.has(at);
      settled.add(at);
      line.push(at);
      if (this.#holding.has(at)) return true;
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
    mark(this.#open, uid, isOpen);
    mark(this.#inHand, uid, isOpen && (isHeld(bead) || bead.fields["gt.placement"] !== undefined));
    const isFree = isOpen && isDispatchable(bead) && !this.#waiting.has(uid);
    mark(this.#ready, uid, isFree && ownState(bead, this.#world).length === 0);
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

function mark(set: Set<string>, uid: string, isIn: boolean): void {
  if (isIn) set.add(uid);
  else set.delete(uid);
}
