import type { BeadState } from "./bead-state.ts";
import { creations } from "./derive.ts";
import { type NameKind, type Names, nameKinds, type StoredBeads } from "./store/stored-beads.ts";
import { UidIndex } from "./uid-index.ts";

/** What beads are found by: those in memory by index, those below by the store. */
export class NameIndex {
  readonly #stored: StoredBeads | undefined;
  readonly #indexes: Readonly<Record<NameKind, UidIndex>> = {
    id: new UidIndex(),
    type: new UidIndex(),
    work: new UidIndex(),
    target: new UidIndex(),
  };

  constructor(stored: StoredBeads | undefined) {
    this.#stored = stored;
  }

  add(kind: NameKind, name: string, uid: string): void {
    this.#indexes[kind].add(name, uid);
  }

  addAll(uid: string, names: Names): void {
    for (const kind of nameKinds) for (const name of names[kind]) this.add(kind, name, uid);
  }

  /** Forget a bead that leaves memory. */
  remove(uid: string, names: Names): void {
    for (const kind of nameKinds) {
      for (const name of names[kind]) this.#indexes[kind].remove(name, uid);
    }
  }

  /** Beads in memory. */
  near(kind: NameKind, name: string): Iterable<string> {
    return this.#indexes[kind].of(name);
  }

  /** Beads of every tier; each once. */
  of(kind: NameKind, name: string): Iterable<string> {
    const near = this.#indexes[kind].of(name);
    if (!this.#stored || this.#stored.below() === 0) return near;
    const below = this.#stored.named(kind, name);
    return below.length === 0 ? near : new Set([...near, ...below]);
  }
}

/** The names that a bead goes by, from its state, its first id first; with edges that went. */
export function namesOf(state: BeadState): Names {
  const targets: string[] = [];
  for (const element of state.edges.values()) {
    for (const { value } of element.added.values()) targets.push(value.to);
  }
  const work = fieldText(state, "gt.work");
  return {
    id: creations(state).map(({ id }) => id),
    type: [fieldText(state, "issue_type") || "task"],
    work: work === "" ? [] : [work],
    target: targets,
  };
}

/** A text field of a state, or empty. */
export function fieldText(state: BeadState, name: string): string {
  const value = state.fields.get(name)?.value;
  return typeof value === "string" ? value : "";
}
