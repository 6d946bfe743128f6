/** A rig whose authority this process holds. */
export type Term = {
  readonly rig: string;
  readonly term: number;
  /** The chain commit that this process wrote last. */
  readonly tip: string;
  /** Our bare clone of the rig's code remote. */
  readonly repoDir: string;
};

/** The terms that this process took since it started. None outlives the process. */
export class Terms {
  readonly #held = new Map<string, Term>();
  readonly #highest = new Map<string, number>();

  of(rig: string): Term | undefined {
    return this.#held.get(rig);
  }

  all(): readonly Term[] {
    return [...this.#held.values()];
  }

  take(term: Term): void {
    this.#held.set(term.rig, term);
    this.saw(term.rig, term.term);
  }

  /** The highest term of a rig that this process took or saw at its remote; 0 before. */
  highest(rig: string): number {
    return this.#highest.get(rig) ?? 0;
  }

  /** The remote showed a term: from then on a lower one means that it went back. */
  saw(rig: string, term: number): void {
    this.#highest.set(rig, Math.max(term, this.highest(rig)));
  }

  /** A landing moved the chain. */
  advance(rig: string, tip: string): void {
    const held = this.#held.get(rig);
    if (held) this.#held.set(rig, { ...held, tip });
  }

  /** Another term rules, or the authority was moved: nothing more is claimed or landed. */
  lose(rig: string): void {
    this.#held.delete(rig);
  }
}
