/** A hybrid logical clock's reading: ms since the Unix epoch, and a counter within that ms. */
export type Stamp = readonly [ms: number, count: number];

/** Order two stamps: negative where `a` is earlier. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return a[0] - b[0] || a[1] - b[1];
}

/** The later of two stamps. */
export function laterStamp(a: Stamp, b: Stamp): Stamp {
  return compareStamps(a, b) >= 0 ? a : b;
}

/** The writer's own next reading: never behind the wall clock, never equal to the last. */
export function tick(last: Stamp, nowMs: number): Stamp {
  return nowMs > last[0] ? [nowMs, 0] : [last[0], last[1] + 1];
}

/**
 * Stamp a write above the values it replaces, even one from the future.
 *
 * @param own the writer's reading for this write, from {@link tick}
 * @param replaced stamps of the values that this write replaces
 */
export function stampAbove(own: Stamp, replaced: Iterable<Stamp>): Stamp {
  let stamp = own;
  for (const other of replaced) {
    if (compareStamps(other, stamp) >= 0) stamp = [other[0], other[1] + 1];
  }
  return stamp;
}

/** A stamp as RFC 3339, in UTC, to the ms. */
export function stampTime(stamp: Stamp): string {
  return new Date(stamp[0]).toISOString();
}
