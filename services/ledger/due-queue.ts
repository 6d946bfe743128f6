/** A moment at which something about a bead changes by itself. */
type Due = { readonly atMs: number; readonly uid: string };

/** Beads by the moment at which they become due; a look costs what fell due since the last one. */
export class DueQueue {
  /** Binary heap, the earliest first; an entry that was replaced stays until it comes up. */
  readonly #heap: Due[] = [];
  readonly #dates = new Map<string, number>();
  #nowMs = Number.NEGATIVE_INFINITY;

  /** The moment of the last look. */
  nowMs(): number {
    return this.#nowMs;
  }

  /** A bead's moment, if it has one. */
  of(uid: string): number | undefined {
    return this.#dates.get(uid);
  }

  /** Note a bead's moment; one that is not finite removes it. */
  set(uid: string, atMs: number): void {
    if (this.#dates.get(uid) === atMs) return;
    if (!Number.isFinite(atMs)) {
      this.#dates.delete(uid);
      return;
    }
    this.#dates.set(uid, atMs);
    if (atMs > this.#nowMs) this.#push({ atMs, uid });
  }

  /** Beads whose moment lies between the last look and this one, whichever was earlier. */
  moveTo(nowMs: number): string[] {
    const beforeMs = this.#nowMs;
    this.#nowMs = nowMs;
    const passed: string[] = [];
    if (nowMs < beforeMs) {
      // A clock that was set back: rare enough to look at all.
      for (const [uid, atMs] of this.#dates) {
        if (atMs <= nowMs || atMs > beforeMs) continue;
        this.#push({ atMs, uid });
        passed.push(uid);
      }
      return passed;
    }
    for (let first = this.#heap[0]; first && first.atMs <= nowMs; first = this.#heap[0]) {
      this.#pop();
      if (this.#dates.get(first.uid) === first.atMs) passed.push(first.uid);
    }
    return passed;
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let at = heap.push(due) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above] as Due;
      if (parent.atMs <= due.atMs) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = due;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      const right = heap[below + 1];
      if (right && right.atMs < (heap[below] as Due).atMs) below += 1;
      const child = heap[below] as Due;
      if (child.atMs >= last.atMs) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
  }
}
