/** What the order of a queue is made from. */
export type Orderable = {
  readonly id: string;
  /** The uid of the work bead. */
  readonly bead: string;
  /** 0 is the most urgent, 4 the least. */
  readonly priority: number;
  readonly submittedMs: number;
  /** The work beads, by uid, that have to land before it. */
  readonly needs: readonly string[];
};

// So long does a request wait until it counts as one priority more urgent.
const ageingMs = 60 * 60_000;

/**
 * The one comparator: priority with ageing, then who came first.
 *
 * All age at one pace, so the order of two requests never depends on when it is asked for, and any
 * request overtakes in time whatever is submitted later.
 */
export function compareRequests(a: Orderable, b: Orderable): number {
  return rank(a) - rank(b) || a.submittedMs - b.submittedMs || (a.id < b.id ? -1 : 1);
}

/**
 * Order requests as they shall land: by the comparator, but none before one whose bead it needs.
 *
 * Where needs form a cycle, the most urgent of it goes first, so that the queue never stands still.
 */
export function orderQueue<Request extends Orderable>(requests: readonly Request[]): Request[] {
  const rest = [...requests].sort(compareRequests);
  const ordered: Request[] = [];
  while (rest.length > 0) {
    const waiting = new Set(rest.map(({ bead }) => bead));
    const free = rest.findIndex(
      ({ bead, needs }) => !needs.some((need) => need !== bead && waiting.has(need)),
    );
    ordered.push(...rest.splice(Math.max(free, 0), 1));
  }
  return ordered;
}

function rank({ priority, submittedMs }: Orderable): number {
  return priority + submittedMs / ageingMs;
}
