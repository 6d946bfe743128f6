import { compareOrigins, type Origin } from "./bead-state.ts";
import type { LedgerEvent } from "./event.ts";
import type { Store } from "./store/store.ts";

/** A request that was applied; `content` tells one request from another under the same id. */
export type Requested = { readonly bead: string; readonly op: string; readonly content: string };

type Noted = Origin & { readonly done: Requested };

/** What requests made or changed: those of the last checkpoint in the store, later ones here. */
export class Requests {
  readonly #store: Store | undefined;
  readonly #noted = new Map<string, Noted>();

  constructor(store: Store | undefined) {
    this.#store = store;
  }

  of(request: string): Requested | undefined {
    return this.#find(request)?.done;
  }

  /** Of two applications the earlier one is remembered, whichever came first. */
  note(event: LedgerEvent): void {
    const [request = "", content = ""] = event.request?.split(":") ?? [];
    if (request === "") return;
    const { clock: stamp, writer, hash, actor, bead, op } = event;
    const noted = { stamp, writer, hash, actor, done: { bead, op, content } };
    const held = this.#find(request);
    if (!held || compareOrigins(noted, held) < 0) this.#noted.set(request, noted);
  }

  /** Those that a checkpoint takes up. */
  noted(): [string, Noted][] {
    return [...this.#noted];
  }

  /** A checkpoint has put these into the store. */
  settle(put: readonly [string, Noted][]): void {
    for (const [request, noted] of put) {
      if (this.#noted.get(request) === noted) this.#noted.delete(request);
    }
  }

  #find(request: string): Noted | undefined {
    const held = this.#noted.get(request);
    if (held) return held;
    const stored = this.#store?.request(request);
    return stored === undefined ? undefined : (JSON.parse(stored) as Noted);
  }
}
