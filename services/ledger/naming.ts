import { compareOrigins } from "./bead-state.ts";
import { firstCreation } from "./derive.ts";
import type { NameIndex } from "./names.ts";
import type { States } from "./states.ts";

/** Which bead a name means, and by which name a bead goes. */
export class Naming {
  readonly #states: States;
  readonly #names: NameIndex;

  constructor(states: States, names: NameIndex) {
    this.#states = states;
    this.#names = names;
  }

  /** All that an edge to this bead may be written with. */
  writtenAs(uid: string): Set<string> {
    const names = new Set([uid]);
    for (const { id } of this.#states.get(uid)?.creations.values() ?? []) {
      names.add(id).add(renamed(id, uid));
    }
    return names;
  }

  /** The uid behind a uid, an id, or a former id. */
  resolve(uidOrId: string): string | undefined {
    if (this.#states.isThere(uidOrId)) return uidOrId;
    const sharers = this.#sharers(uidOrId);
    if (sharers[0]) return sharers[0];
    const cut = uidOrId.lastIndexOf("~");
    if (cut < 0) return undefined;
    const renamed = this.#sharers(uidOrId.slice(0, cut));
    return renamed.find((uid) => this.name(uid) === uidOrId);
  }

  /** The beads that were created under one id, the first one first: it keeps the name. */
  #sharers(id: string): string[] {
    const uids = [...this.#names.of("id", id)];
    if (uids.length < 2) return uids;
    const dated = uids.flatMap((uid) => {
      const state = this.#states.get(uid);
      const creation = state && firstCreation(state);
      return creation?.id === id ? [{ uid, creation }] : [];
    });
    return dated.sort((a, b) => compareOrigins(a.creation, b.creation)).map(({ uid }) => uid);
  }

  /** The name that a bead bears: its own id, or another one where two creations chose one. */
  name(uid: string): string {
    const id = this.#states.firstId(uid) || uid;
    const sharers = this.#sharers(id);
    return sharers.length < 2 || sharers[0] === uid ? id : renamed(id, uid);
  }
}

/** The name of a bead whose id another one had first. */
export function renamed(id: string, uid: string): string {
  return `${id}~${uid.slice(0, 4)}`;
}
