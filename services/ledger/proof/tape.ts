/** Choices read off a list of small numbers; past its end every choice is the first one. */
export type Tape = {
  /** A number from 0 to `below` - 1. */
  readonly next: (below: number) => number;
  readonly pick: <T>(choices: readonly T[]) => T;
  readonly isLeft: () => boolean;
};

/**
 * Read choices off bytes. What is made this way is cheap to make, and shrinks as its bytes do: a
 * shorter tape is a shorter history.
 */
export function readTape(bytes: Uint8Array): Tape {
  let at = 0;
  const next = (below: number) => {
    const byte = bytes[at] ?? 0;
    at += 1;
    return byte % below;
  };
  return {
    next,
    pick: <T>(choices: readonly T[]) => choices[next(choices.length)] as T,
    isLeft: () => at < bytes.length,
  };
}

/** The items in an order that `seed` determines. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = randomNumbers(seed);
  const order = [...items];
  for (let index = order.length - 1; index > 0; index -= 1) {
    const other = random(index + 1);
    [order[index], order[other]] = [order[other] as T, order[index] as T];
  }
  return order;
}

/** Numbers from 0 to `below` - 1 that `seed` determines (mulberry32). */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
