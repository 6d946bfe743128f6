import type { SalvageGit } from "#services/git/salvage.ts";
import type { Rig } from "#services/ledger/rigs.ts";
import {
  type CollectLimits,
  collectable,
  type JudgedWork,
  judgeSalvage,
} from "#services/ledger/salvage-state.ts";
import type { World } from "#services/ledger/world.ts";

/** What looking after one rig's left work needs. */
export type CollectPorts = {
  readonly world: World;
  readonly git: SalvageGit;
  readonly nowMs: () => number;
  readonly limits: CollectLimits;
  /** Asked last before anything is removed: whether this process still holds the rig's term. */
  readonly holds: () => boolean;
};

/** One attempt's refs that were removed, and why they might be. */
export type Collected = {
  readonly bead: string;
  readonly epoch: string;
  readonly why: "landed" | "released";
  readonly refs: readonly string[];
};

/**
 * Remove from a rig's remote what landed or was released long enough ago.
 *
 * A landing must still be on the target that was fetched: a remote that was set back has lost it,
 * and what its attempt left may be all that there is.
 *
 * @param place.repoDir our clone, level with the remote
 */
export async function collect(
  ports: CollectPorts,
  place: { readonly rig: Rig; readonly repoDir: string; readonly signal: AbortSignal },
): Promise<Collected[]> {
  const { git, world, nowMs, limits, holds } = ports;
  const { rig, repoDir, signal } = place;
  const works = await git.readLeftWork({ repoDir, target: rig.target });
  const chosen = [];
  for (const each of collectable(judgeSalvage(works, world), nowMs(), limits)) {
    if (await isStillThere(each, git, place)) chosen.push(each);
  }
  if (chosen.length === 0 || !holds()) return [];
  const refs = chosen.flatMap(({ work }) => work.refs);
  const gone = new Set(await git.removeLeftWork({ repoDir, refs, signal }));
  return chosen.flatMap(({ work, state }) => {
    const removed = work.refs.map(({ ref }) => ref).filter((ref) => gone.has(ref));
    const why = state.kind === "released" ? "released" : "landed";
    const { bead, epoch } = work;
    return removed.length > 0 ? [{ bead, epoch, why, refs: removed }] : [];
  });
}

async function isStillThere(
  { state }: JudgedWork,
  git: SalvageGit,
  { rig, repoDir }: { readonly rig: Rig; readonly repoDir: string },
): Promise<boolean> {
  if (state.kind === "released") return true;
  if (state.kind !== "landed") return false;
  const target = `refs/remotes/origin/${rig.target}`;
  for (const commit of state.landedAs) {
    if (!(await git.isReachable(repoDir, commit, target))) return false;
  }
  return true;
}
