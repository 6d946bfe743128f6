import { type Bead, isHeld } from "./bead.ts";
import { closeName } from "./close-name.ts";
import { closeBead, moveBead } from "./drafts.ts";
import type { Draft } from "./event.ts";
import { endOf } from "./lower-tiers.ts";
import { type Tier, tiers } from "./tier.ts";
import { isWaitType } from "./waiting.ts";
import { aboutField, workField } from "./work-fields.ts";
import type { World } from "./world.ts";

/** After how long nothing happened to an ended bead it is kept lower. */
export type TierAges = { readonly recentDays: number; readonly archiveDays: number };

/** What a round of moves is decided by. */
export type TierLimits = TierAges & { readonly nowMs: number };

/** A month at hand, half a year one read away. */
export const tierAges: TierAges = { recentDays: 30, archiveDays: 180 };
/** How many beads are moved in one round. */
export const movesMax = 1_000;

const dayMs = 86_400_000;
/** What steers the town is looked up all the time, whatever became of it. */
const steering = new Set(["agent", "rig", "machine", "role"]);
/** Receivers whose letters are read by code, or by workers that are gone. */
const machinery = /^(machines\/|mayor$|deacon$|rigs\/[^/]+\/(polecats\/|refinery$|authority$))/;

/**
 * The moves that are due: of ended beads to which nothing has happened for so many days, and of
 * which nobody who goes on has need.
 *
 * What belongs together moves together, once all of it is over: a tree of parents and children, a
 * piece of work with its molecule, merge requests and digests. At most `max` beads; a family that
 * is larger goes down in several rounds, which nobody notices, since none of it is open.
 *
 * @param among where to look: those to whom {@link mayMove} applies are judged, no others read
 */
export function movesDue(
  world: World,
  limits: TierLimits,
  among: Iterable<Bead> = upper(world),
  max = movesMax,
): Draft[] {
  const families = new Families(world, limits);
  const moved = new Set<string>();
  const drafts: Draft[] = [];
  for (const bead of among) {
    if (moved.size >= max) break;
    if (moved.has(bead.uid) || !mayMove(bead, world, limits)) continue;
    const tier = families.tierOf(bead);
    if (tier === undefined || !isBelow(tier, bead.tier)) continue;
    moved.add(bead.uid);
    drafts.push(...settled(bead, world), moveBead(bead.uid, tier));
  }
  return drafts;
}

/** Tiers from which beads go down. */
export type UpperTier = Exclude<Tier, "archive">;
export const upperTiers: readonly UpperTier[] = ["active", "recent"];

/** Beads of these tiers; what is archived is not read. */
export function* upper(world: World, from: readonly UpperTier[] = upperTiers): Iterable<Bead> {
  for (const tier of from) yield* tier === "active" ? world.all() : world.inTier(tier);
}

/** Whether a bead by itself is over for long enough to be kept lower than it is. */
export function mayMove(bead: Bead, world: World, limits: TierLimits): boolean {
  return isOver(bead, world) && isBelow(tierFor(restedMs(bead, world, limits), limits), bead.tier);
}

/** Whether nothing more is to happen to a bead: ended, or a letter that has served. */
function isOver(bead: Bead, world: World): boolean {
  if (steering.has(bead.issueType) || bead.fields["pinned"] === true || isHeld(bead)) return false;
  if (bead.deleted || bead.status === "closed") return true;
  return bead.issueType === "message" && hasServed(bead, world);
}

/**
 * Nobody closes mail: a letter has served once it was read. What the town's machinery tells each
 * other of a piece of work has, too, once that work is over; not all of it is ever opened. One on
 * whose end others wait is left to who closes it.
 */
function hasServed(letter: Bead, world: World): boolean {
  if (isAwaited(letter, world)) return false;
  if (letter.labels.includes("read")) return true;
  const about = aboutField.read(letter);
  if (about === undefined || !machinery.test(letter.assignee)) return false;
  const work = world.bead(about);
  return work !== undefined && (work.deleted || work.status === "closed");
}

/** Whether closing a bead could set others going, directly or as a child. */
function isAwaited(bead: Bead, world: World): boolean {
  if (bead.parent !== undefined) return true;
  return world.dependents(bead.uid).some(({ dependencies }) => {
    return dependencies.some(({ uid, type }) => uid === bead.uid && isWaitType(type));
  });
}

/** A letter is closed as it goes down: only what has ended is kept lower. */
function settled(bead: Bead, world: World): Draft[] {
  if (bead.deleted || bead.status === "closed") return [];
  const closedAt = new Date(changedMs(bead, world)).toISOString();
  const close = closeName(bead, "served");
  return [closeBead(bead.uid, { close, kind: "done", reason: "it has served", closedAt })];
}

/** How long nothing has happened to a bead; an import says when it ended, not when it came. */
function restedMs(bead: Bead, world: World, { nowMs }: TierLimits): number {
  const endedMs = Date.parse(endOf(bead, world) ?? "");
  const lastMs = changedMs(bead, world);
  return nowMs - Math.max(Number.isNaN(endedMs) ? lastMs : endedMs, lastMs);
}

function changedMs(bead: Bead, world: World): number {
  const ms = Date.parse(bead.updatedAt);
  return Number.isNaN(ms) ? (world.state(bead.uid)?.last?.stamp[0] ?? 0) : ms;
}

function tierFor(restMs: number, { recentDays, archiveDays }: TierAges): Tier {
  if (restMs > archiveDays * dayMs) return "archive";
  return restMs > recentDays * dayMs ? "recent" : "active";
}

function isBelow(tier: Tier, other: Tier): boolean {
  return tiers.indexOf(tier) > tiers.indexOf(other);
}

/**
 * Beads that belong together, each family judged once a round. What was deleted belongs to none.
 *
 * The way up is looked at first, and the first that goes on ends the search: a thousand closed
 * tasks below one open epic cost a look at the epic each.
 */
class Families {
  readonly #world: World;
  readonly #limits: TierLimits;
  /** By bead, where its family may go; "active" while somebody needs it. */
  readonly #known = new Map<string, Tier>();

  constructor(world: World, limits: TierLimits) {
    this.#world = world;
    this.#limits = limits;
  }

  tierOf(bead: Bead): Tier | undefined {
    const known = this.#known.get(bead.uid);
    if (known !== undefined) return known;
    const seen = new Map([[bead.uid, bead]]);
    const tier = this.#judge(seen);
    for (const uid of seen.keys()) this.#known.set(uid, tier);
    return tier;
  }

  /** The highest tier that one of the family still has to be in; it grows as it is found. */
  #judge(family: Map<string, Bead>): Tier {
    let tier: Tier = "archive";
    const open = [...family.values()];
    for (let bead = open.pop(); bead; bead = open.pop()) {
      const own = this.#own(bead);
      if (isBelow(tier, own)) tier = own;
      if (tier === "active") return tier;
      const below = this.#below(bead);
      if (below === undefined) return "active";
      for (const each of [...below, ...this.#above(bead)]) {
        if (family.has(each.uid)) continue;
        const known = this.#known.get(each.uid);
        if (known === "active") return known;
        family.set(each.uid, each);
        open.push(each); // Those above come last, and so are looked at next.
      }
    }
    return tier;
  }

  #own(bead: Bead): Tier {
    const { issueType, deleted } = bead;
    // An agent, a rig, a machine holds nothing that hangs on it, and does not move with it.
    if (steering.has(issueType) && (deleted || bead.status === "closed")) return "archive";
    if (!isOver(bead, this.#world)) return "active";
    return tierFor(restedMs(bead, this.#world, this.#limits), this.#limits);
  }

  #above(bead: Bead): Bead[] {
    const uids = bead.deleted ? [] : [bead.parent, workField.read(bead)];
    const above = uids.flatMap((uid) => (uid === undefined ? [] : (this.#world.bead(uid) ?? [])));
    return above.filter(({ deleted }) => !deleted);
  }

  /** Its children, and what is done for it; undefined where somebody who goes on needs it. */
  #below(bead: Bead): Bead[] | undefined {
    const world = this.#world;
    for (const { uid, type } of bead.dependencies) {
      const target = uid === undefined || !isWaitType(type) ? undefined : world.bead(uid);
      if (target && goesOn(target, world)) return undefined;
    }
    const dependents = world.dependents(bead.uid);
    if (dependents.some((each) => goesOn(each, world))) return undefined;
    if (bead.deleted) return [];
    const children = dependents.filter(({ parent }) => parent === bead.uid);
    return [...children, ...world.ofWork(bead.uid)].filter(({ deleted }) => !deleted);
  }
}

/** Whether a bead has something to do with others still. */
function goesOn(bead: Bead, world: World): boolean {
  return !steering.has(bead.issueType) && !isOver(bead, world);
}
