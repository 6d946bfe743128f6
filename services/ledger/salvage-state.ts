import type { LeftWork, SalvageRef } from "#services/git/salvage.ts";
import { type Bead, isHeld } from "./bead.ts";
import { compareEpochs } from "./epoch.ts";
import { type Released, releaseOf, resumePoint } from "./salvage.ts";
import { landedCommitField, mergeField } from "./work-fields.ts";
import type { World } from "./world.ts";

/** What left work is by the ledger. Only what landed or was released is ever collected. */
export type SalvageState =
  /** Its attempt stands, or another goes on from it, or it is newer than what this ledger knows. */
  | { readonly kind: "held" }
  /** Its attempt is over, and not all of it landed. */
  | { readonly kind: "left" }
  /** All of it is on the target, or in what landed there. */
  | { readonly kind: "landed"; readonly freedMs: number; readonly landedAs: readonly string[] }
  | { readonly kind: "released"; readonly freedMs: number; readonly by: string };

/** One attempt's left work, and what it is. */
export type JudgedWork = { readonly work: LeftWork; readonly state: SalvageState };

type Landing = {
  readonly epoch: string;
  /** What was submitted, and when, in ms since the Unix epoch. */
  readonly commit: string;
  readonly submittedMs: number;
  readonly landedAs: string;
  readonly landedMs: number;
};

/** How far a stamp of the ledger may be ahead of the clock that commits are dated by. */
const skewMaxMs = 5 * 60_000;

/**
 * What each attempt's left work is. Pure. Whatever is not known to be safe is `left`: late work of
 * a machine that was lost, changes made after the submission, work of a bead that is unknown here.
 */
export function judgeSalvage(works: readonly LeftWork[], world: World): JudgedWork[] {
  const byBead = new Map<string, { bead: Bead; works: LeftWork[] }>();
  const states = new Map<LeftWork, SalvageState>();
  for (const work of works) {
    const bead = world.bead(work.bead);
    if (!bead) continue;
    const group = byBead.get(bead.uid) ?? { bead, works: [] };
    byBead.set(bead.uid, group);
    group.works.push(work);
  }
  for (const { bead, works: own } of byBead.values()) {
    const landings = landingsOf(bead, world);
    const taken = takenUp(bead, own, landings, world);
    for (const work of own) states.set(work, judge(work, bead, { landings, taken }));
  }
  return works.map((work) => ({ work, state: states.get(work) ?? { kind: "left" } }));
}

type Known = {
  readonly landings: readonly Landing[];
  /** Commits that an attempt which landed went on from, with that landing. */
  readonly taken: ReadonlyMap<string, Landing>;
};

function judge(work: LeftWork, bead: Bead, { landings, taken }: Known): SalvageState {
  const { claim } = bead;
  const ahead = claim ? compareEpochs(work.epoch, claim.epoch) : 1;
  if (ahead > 0 || (ahead === 0 && isHeld(bead))) return { kind: "held" };
  if (isWanted(work, bead)) return { kind: "held" };
  const release = releaseOf(bead, work.epoch);
  if (release && covers(release, work)) {
    return { kind: "released", freedMs: instant(release.at), by: release.released_by };
  }
  const own = landings.find(({ epoch }) => epoch === work.epoch);
  const heir = work.refs.find(({ commit }) => taken.has(commit));
  const landing = own ?? (heir && taken.get(heir.commit));
  const submitted = own && work.refs.find(({ commit }) => commit === own.commit);
  const isSafe = (ref: SalvageRef) =>
    ref.isMerged ||
    (own && isIn(ref, own, submitted)) ||
    (heir !== undefined && isBelow(ref, heir));
  if (!work.refs.every(isSafe)) return { kind: "left" };
  if (landing) return { kind: "landed", freedMs: landing.landedMs, landedAs: [landing.landedAs] };
  // On the target by another way: a branch that holds nothing of its own, or a person's merge.
  const landedAs = work.refs.map(({ commit }) => commit);
  return { kind: "landed", freedMs: work.refs[0].savedMs, landedAs };
}

/** Whether all that is there now was there when somebody let go of it. */
function covers({ commits }: Released, { refs }: LeftWork): boolean {
  return refs.every(({ commit, isMerged }) => isMerged || (commits?.includes(commit) ?? true));
}

/** Whether the next attempt shall go on from it, or the one that stands did. */
function isWanted(work: LeftWork, bead: Bead): boolean {
  if (resumePoint(bead)?.epoch === work.epoch) return true;
  const from = isHeld(bead) ? bead.claim?.continueFrom : undefined;
  return work.refs.some(({ commit }) => commit === from);
}

/** Whether what landed has this: the commit itself, or what came before a clean submission. */
function isIn(ref: SalvageRef, own: Landing, submitted: SalvageRef | undefined): boolean {
  if (ref.commit === own.commit || ref.savedMs + skewMaxMs <= own.submittedMs) return true;
  // Dated by one clock, that of the worker's machine; in whole seconds.
  return submitted !== undefined && ref.savedMs < submitted.savedMs;
}

/** Whether one attempt's ref is no newer than the one that its successor went on from. */
function isBelow(ref: SalvageRef, heir: SalvageRef): boolean {
  return ref.commit === heir.commit || ref.savedMs < heir.savedMs;
}

function landingsOf(bead: Bead, world: World): Landing[] {
  return world.ofWork(bead.uid).flatMap((request) => {
    const merge = mergeField.read(request);
    if (request.closeKind !== "merged" || !merge) return [];
    const { epoch, commit } = merge;
    const landedAs = landedCommitField.read(request) ?? request.closeCommit;
    if (landedAs === undefined) return [];
    const times = {
      submittedMs: instant(request.createdAt),
      landedMs: instant(request.closedAt ?? ""),
    };
    return [{ epoch: claimPart(epoch), commit, landedAs, ...times }];
  });
}

/** The commits that attempts which landed went on from, and those that these went on from. */
function takenUp(
  bead: Bead,
  works: readonly LeftWork[],
  landings: readonly Landing[],
  world: World,
): Map<string, Landing> {
  const claims = world.state(bead.uid)?.claims;
  const taken = new Map<string, Landing>();
  for (const landing of landings) {
    let epoch: string | undefined = landing.epoch;
    while (epoch !== undefined) {
      const commit: string | undefined = claims?.get(epoch)?.cursor?.commit;
      if (!commit || taken.has(commit)) break;
      taken.set(commit, landing);
      epoch = works.find(({ refs }) => refs.some((ref) => ref.commit === commit))?.epoch;
    }
  }
  return taken;
}

/** An epoch without a respawn. */
function claimPart(epoch: string): string {
  return epoch.split(".").slice(0, 2).join(".");
}

/** A time that cannot be read is one that has not come: nothing is collected for it. */
function instant(text: string): number {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? Number.POSITIVE_INFINITY : ms;
}

/** When what is not needed goes: after an age, so many at a time. */
export type CollectLimits = { readonly ageMs: number; readonly refsMax: number };

/** What of it may be removed now, the oldest first; it landed or was released long enough ago. */
export function collectable(
  judged: readonly JudgedWork[],
  nowMs: number,
  limits: CollectLimits,
): JudgedWork[] {
  const chosen: JudgedWork[] = [];
  let refs = 0;
  for (const each of judged) {
    const { state, work } = each;
    if (state.kind !== "landed" && state.kind !== "released") continue;
    if (nowMs - Math.max(state.freedMs, work.refs[0].savedMs) < limits.ageMs) continue;
    refs += work.refs.length;
    if (refs > limits.refsMax) break;
    chosen.push(each);
  }
  return chosen;
}
