import { writerMachine } from "#services/ledger/event.ts";

/** A rig's chain of authority as its remote showed it. */
export type ShownChain = {
  /** Undefined where there is none. */
  readonly tip: string | undefined;
  readonly term: number;
  /** Who took the term, an incarnation; undefined where there was never one. */
  readonly holder: string | undefined;
};

/** The same, and since when it has not moved while we looked. */
export type WatchedChain = ShownChain & {
  readonly stillSinceMs: number;
  readonly lookedMs: number;
};

/** What this process saw of the chains that it does not hold. All of it may be lost. */
export class ChainWatch {
  readonly #seen = new Map<string, WatchedChain>();

  of(rig: string): WatchedChain | undefined {
    return this.#seen.get(rig);
  }

  /** Take note of a look. */
  note(rig: string, shown: ShownChain, nowMs: number): WatchedChain {
    const before = this.#seen.get(rig);
    const isStill = before !== undefined && before.tip === shown.tip;
    const stillSinceMs = isStill ? before.stillSinceMs : nowMs;
    const seen = { ...shown, stillSinceMs, lookedMs: nowMs };
    this.#seen.set(rig, seen);
    return seen;
  }

  /** Somebody else is in charge: what was seen says nothing about a later silence. */
  forget(rig: string): void {
    this.#seen.delete(rig);
  }
}

/** The machine whose process took the chain's term. */
export function chainMachine({ holder }: ShownChain): string | undefined {
  return holder === undefined ? undefined : writerMachine(holder) || holder;
}
