import type { Bead } from "./bead.ts";
import { closedAsFailed } from "./unmet.ts";

/** What of a bead decides about others. Equal ones are one object. */
export type Facts = {
  /** How it stands for those that wait for it. */
  readonly standing: string;
  readonly parent: string | undefined;
  /** The work that it holds as a merge request. */
  readonly work: string | undefined;
};

/** One object for all beads of which the same is to be known. */
export class SharedFacts {
  readonly #held = new Map<string, Facts>();

  of(bead: Bead): Facts {
    const failed = closedAsFailed(bead) ? " failed" : "";
    const standing = `${bead.status}${failed}${bead.deleted ? " deleted" : ""}`;
    const isRequest = bead.issueType === "merge-request";
    const named = isRequest ? bead.fields["gt.work"] : undefined;
    return this.get(standing, bead.parent, typeof named === "string" ? named : undefined);
  }

  get(standing: string, parent: string | undefined, work: string | undefined): Facts {
    const key = `${standing}\0${parent ?? ""}\0${work ?? ""}`;
    const held = this.#held.get(key);
    if (held) return held;
    const facts = { standing, parent, work };
    this.#held.set(key, facts);
    return facts;
  }
}
