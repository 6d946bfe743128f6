import type { Ledger } from "#services/ledger/ledger.ts";

/** A bead that was found, by its names alone. */
export type Found = { readonly uid: string; readonly id: string };

const keptMs = 60_000;
const queriesMax = 4;

/**
 * What queries found below the active tier, for the pages that follow a first one: reading all that
 * is kept there again for each page would cost its square.
 *
 * Anything that happens to what was found, or moves between the tiers, has it found anew.
 */
export class FoundBelow {
  readonly #nowMs: () => number;
  readonly #kept = new Map<string, { found: ReadonlyMap<string, Found>; atMs: number }>();
  #changes = 0;

  constructor(ledger: Pick<Ledger, "onChange">, nowMs: () => number) {
    this.#nowMs = nowMs;
    ledger.onChange(({ event: { op, bead } }) => {
      if (op === "tier" || op === "delete") this.#forget();
      else for (const { found } of this.#kept.values()) if (found.has(bead)) return this.#forget();
    });
  }

  /** @param isFirst whether this is the first page, for which it is always looked up */
  async of(
    query: string,
    isFirst: boolean,
    find: () => Promise<readonly Found[]>,
  ): Promise<readonly Found[]> {
    const held = this.#kept.get(query);
    const isFresh = held !== undefined && this.#nowMs() - held.atMs < keptMs;
    if (!isFirst && isFresh) return [...held.found.values()];
    const changes = this.#changes;
    const found = new Map((await find()).map(({ uid, id }) => [uid, { uid, id }]));
    this.#kept.delete(query);
    // What changed while it was looked up may be in it as it was.
    if (changes === this.#changes) this.#kept.set(query, { found, atMs: this.#nowMs() });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > queriesMax && oldest !== undefined) this.#kept.delete(oldest);
    return [...found.values()];
  }

  #forget(): void {
    this.#changes += 1;
    this.#kept.clear();
  }
}
