/** Uids by some key. Most keys have one, which then costs no set of its own. */
export class UidIndex {
  readonly #uids = new Map<string, string | Set<string>>();

  add(key: string, uid: string): void {
    const held = this.#uids.get(key);
    if (held === undefined) this.#uids.set(key, uid);
    else if (typeof held !== "string") held.add(uid);
    else if (held !== uid) this.#uids.set(key, new Set([held, uid]));
  }

  remove(key: string, uid: string): void {
    const held = this.#uids.get(key);
    if (held === uid) this.#uids.delete(key);
    if (typeof held !== "object") return;
    held.delete(uid);
    if (held.size === 0) this.#uids.delete(key);
  }

  /** In the order in which they were added. */
  of(key: string): Iterable<string> {
    const held = this.#uids.get(key);
    return held === undefined ? [] : typeof held === "string" ? [held] : held;
  }
}
