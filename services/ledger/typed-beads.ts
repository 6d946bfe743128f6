import type { Bead } from "./bead.ts";
import type { BeadState } from "./bead-state.ts";
import { fieldText } from "./names.ts";

/** The beads of the active tier by type, each list until one of its beads changes. */
export class TypedBeads {
  readonly #lists = new Map<string, readonly Bead[]>();

  /** @param named the views of all that may be of the type */
  of(issueType: string, named: () => Iterable<Bead>): readonly Bead[] {
    const held = this.#lists.get(issueType);
    if (held) return held;
    const list: Bead[] = [];
    for (const bead of named()) {
      if (bead.tier === "active" && isOfType(bead, issueType)) list.push(bead);
    }
    this.#lists.set(issueType, list);
    return list;
  }

  /** A bead of the type has changed, or is new. */
  forget(issueType: string): void {
    this.#lists.delete(issueType);
  }
}

/** The type that a bead's state says it is of. */
export function typeOf(state: BeadState): string {
  return fieldText(state, "issue_type") || "task";
}

/** Whether a bead is of a type, and not deleted. */
export function isOfType(bead: Bead, issueType: string): boolean {
  return bead.issueType === issueType && !bead.deleted;
}
