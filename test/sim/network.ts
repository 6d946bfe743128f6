import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** What the way from one place to another is like; nothing said is as on a quiet network. */
export type Way = {
  readonly isOpen: boolean;
  readonly delayMinMs: number;
  readonly delayMaxMs: number;
  /** Of a hundred messages, so many are lost, and so many come twice. */
  readonly lossShare: number;
  readonly duplicateShare: number;
  /** Whether a message may overtake one that was sent before it. */
  readonly isReordering: boolean;
};

/** A fast network that loses nothing. */
export const quietWay: Way = {
  isOpen: true,
  delayMinMs: 1,
  delayMaxMs: 5,
  lossShare: 0,
  duplicateShare: 0,
  isReordering: false,
};

/** Which way of two is meant, seen from the first place. */
export type Direction = "both" | "out" | "in";

type Listener = (from: string, to: string) => void;

/** The ways between places that are called by names: machines, the town, the bus, remotes. */
export class Network {
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #ways = new Map<string, Way>();
  /** When the last message of a way arrives: none that keeps the order comes before it. */
  readonly #lastMs = new Map<string, number>();
  readonly #listeners = new Set<Listener>();
  #usual: Way = quietWay;

  constructor(timeline: Timeline, random: Random) {
    this.#timeline = timeline;
    this.#random = random;
  }

  way(from: string, to: string): Way {
    return this.#ways.get(nameOf(from, to)) ?? this.#usual;
  }

  isOpen(from: string, to: string): boolean {
    return this.way(from, to).isOpen;
  }

  /** Whether an answer can come back. */
  isConnected(one: string, other: string): boolean {
    return this.isOpen(one, other) && this.isOpen(other, one);
  }

  /** What every way is like of which nothing else was said. */
  setUsual(usual: Partial<Way>): void {
    this.#usual = { ...this.#usual, ...usual };
  }

  /** Change the ways between two places. */
  set(one: string, other: string, change: Partial<Way>, direction: Direction = "both"): void {
    if (direction !== "in") this.#setOne(one, other, change);
    if (direction !== "out") this.#setOne(other, one, change);
  }

  /** Let nothing through; what is under way already arrives. */
  cut(one: string, other: string, direction: Direction = "both"): void {
    this.set(one, other, { isOpen: false }, direction);
  }

  /** Make the ways between two places as usual again. */
  heal(one: string, other: string): void {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      if (this.#ways.delete(nameOf(from, to))) this.#tell(from, to);
    }
  }

  /** Make every way as it was at the start. */
  healAll(): void {
    this.#usual = quietWay;
    for (const name of [...this.#ways.keys()]) {
      const [from = "", to = ""] = name.split(" ");
      this.#ways.delete(name);
      this.#tell(from, to);
    }
  }

  /** Cut and heal, so many times. */
  flap(
    one: string,
    other: string,
    times: { readonly count: number; readonly downMs: number; readonly upMs: number },
  ): void {
    if (times.count <= 0) return;
    this.cut(one, other);
    this.#timeline.after(times.downMs, () => {
      this.heal(one, other);
      const left = { ...times, count: times.count - 1 };
      this.#timeline.after(times.upMs, () => this.flap(one, other, left));
    });
  }

  /** Told of a way that was changed. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Send one message: `arrive` is called when it is there; never where it is lost.
   *
   * @returns whether it will arrive, which only the simulated world knows
   */
  send(from: string, to: string, arrive: () => void): boolean {
    const way = this.way(from, to);
    if (!way.isOpen || this.#happens(way.lossShare)) return false;
    this.#deliver(from, to, way, arrive);
    if (this.#happens(way.duplicateShare)) this.#deliver(from, to, way, arrive);
    return true;
  }

  #deliver(from: string, to: string, way: Way, arrive: () => void): void {
    const name = nameOf(from, to);
    const now = this.#timeline.elapsedMs;
    const drawn = now + this.#random.int(way.delayMinMs, way.delayMaxMs);
    const arrivesMs = way.isReordering ? drawn : Math.max(drawn, this.#lastMs.get(name) ?? 0);
    this.#lastMs.set(name, arrivesMs);
    this.#timeline.after(arrivesMs - now, arrive);
  }

  #happens(share: number): boolean {
    return share > 0 && this.#random.percent(share);
  }

  #setOne(from: string, to: string, change: Partial<Way>): void {
    this.#ways.set(nameOf(from, to), { ...this.way(from, to), ...change });
    this.#tell(from, to);
  }

  #tell(from: string, to: string): void {
    for (const listener of [...this.#listeners]) listener(from, to);
  }
}

function nameOf(from: string, to: string): string {
  return `${from} ${to}`;
}
