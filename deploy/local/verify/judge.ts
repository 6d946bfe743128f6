/** A work bead, as the fold of the ledger shows it. */
export type BeadFact = {
  readonly id: string;
  readonly uid: string;
  readonly isEpic: boolean;
  readonly closed: boolean;
  /** merged, done, …; empty while open. */
  readonly closeKind: string;
  readonly closeCommit: string;
  /** Its rig; empty for beads of the town. */
  readonly rig: string;
  /** Whether it carries the patch that does it, so that only a merge can close it rightly. */
  readonly hasPatch: boolean;
};

/** A rig, as its code remote shows it. */
export type RigFact = {
  readonly name: string;
  readonly target: string;
  /** Every commit that can be reached from the target. */
  readonly commits: ReadonlySet<string>;
  /** What the chain of authority says was landed; `bead` is an id or a uid. */
  readonly landings: readonly { readonly bead: string; readonly commit: string }[];
  /** Gates that fail on the target, with the end of their output. */
  readonly failures: readonly string[];
};

/** Everything the remotes tell. */
export type Facts = {
  readonly beads: readonly BeadFact[];
  readonly rigs: readonly RigFact[];
  /** Ids that must be there. */
  readonly wanted: readonly string[];
  readonly faults: readonly string[];
};

/** What speaks against the work being done, landed and recorded once; empty: nothing. Pure. */
export function objections(facts: Facts): string[] {
  const { beads, rigs, wanted, faults } = facts;
  const ids = new Set(beads.map(({ id }) => id));
  return [
    ...faults.map((fault) => `the ledger is not whole: ${fault}`),
    ...wanted.filter((id) => !ids.has(id)).map((id) => `${id} is not in the ledger`),
    ...beads.flatMap((bead) => beadObjections(bead, rigs)),
    ...rigs.flatMap((rig) => rigObjections(rig, beads)),
  ];
}

function beadObjections(bead: BeadFact, rigs: readonly RigFact[]): string[] {
  const { id, closed, closeKind, closeCommit, hasPatch } = bead;
  if (!closed) return [`${id} is not closed`];
  if (closeKind !== "merged") {
    return hasPatch ? [`${id} was closed as ${closeKind || "done"} and never merged`] : [];
  }
  const rig = rigs.find(({ name }) => name === bead.rig);
  if (rig === undefined) return [`${id} was merged, and belongs to no rig`];
  if (closeCommit === "") return [`${id} was closed as merged, and names no commit`];
  const found: string[] = [];
  if (!rig.commits.has(closeCommit)) {
    found.push(`${id} was closed with ${short(closeCommit)}, which is not on ${rig.target}`);
  }
  // A push that a remote tore apart may leave two records of the one commit that it landed.
  const own = rig.landings.filter((landing) => isOf(landing, bead));
  const landed = new Set(own.map(({ commit }) => commit));
  if (landed.size !== 1) found.push(`${id} was landed ${landed.size} times, not once`);
  for (const commit of landed) {
    if (commit === closeCommit) continue;
    found.push(`${id} was landed as ${short(commit)}, but closed with ${short(closeCommit)}`);
  }
  return found;
}

function rigObjections(rig: RigFact, beads: readonly BeadFact[]): string[] {
  const unknown = rig.landings.filter((landing) => !beads.some((bead) => isOf(landing, bead)));
  return [
    ...rig.failures.map((failure) => `${rig.name}: ${failure}`),
    ...unknown.map(
      ({ bead }) => `${rig.name}: ${bead} was landed, but the ledger has no such bead`,
    ),
  ];
}

function isOf(landing: { readonly bead: string }, bead: BeadFact): boolean {
  return landing.bead === bead.id || landing.bead === bead.uid;
}

function short(commit: string): string {
  return commit.slice(0, 10);
}
