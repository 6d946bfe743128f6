import type { Bead } from "./bead.ts";
import {
  type ClaimRecord,
  compareOrigins,
  emptyBead,
  type Json,
  type Origin,
} from "./bead-state.ts";
import { deriveBead, type Neighbours } from "./derive.ts";
import { claimEpoch, compareEpochs } from "./epoch.ts";
import type { LedgerEvent } from "./event.ts";
import { foldEvent } from "./fold.ts";
import type { World } from "./world.ts";

/** One field, as Beads names it, before and after an event; undefined where there was nothing. */
export type Changed = {
  readonly field: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
};

/** One event of a bead, with what it changed. */
export type Told = {
  readonly event: LedgerEvent;
  readonly changes: readonly Changed[];
  /** It belongs to an attempt that a higher claim had overtaken, and does not count. */
  readonly late: boolean;
};

/**
 * Tell a bead's history: what each event changed, seen from the ones before it.
 *
 * Pure: the bead is folded anew, and compared after each event with how it was.
 *
 * @param events all of the bead's events, the earliest first, as `ledger.history` gives them
 */
export function narrate(
  uid: string,
  events: readonly LedgerEvent[],
  world: Pick<World, "bead" | "state">,
): Told[] {
  const state = emptyBead(uid);
  const claims = claimsOver(uid, world);
  // Where every bead begins goes without saying.
  let before = new Map<string, Json>([["tier", "active"]]);
  return events.map((event) => {
    foldEvent(state, event);
    const after = flatten(deriveBead(state, neighbours(event, claims, world)));
    const told = { event, changes: compare(before, after), late: isLate(event, claims) };
    before = after;
    return told;
  });
}

/** The claims that the effects on a bead are measured by: its own, or those of its work. */
function claimsOver(uid: string, world: Pick<World, "state">): readonly ClaimRecord[] {
  const work = world.state(uid)?.fields.get("gt.work")?.value;
  const state = world.state(typeof work === "string" && work !== "" ? work : uid);
  return [...(state?.claims.values() ?? [])];
}

/** What was around the bead when an event was written: names as they are now, claims as then. */
function neighbours(
  event: LedgerEvent,
  claims: readonly ClaimRecord[],
  world: Pick<World, "bead">,
): Neighbours {
  const origin = originOf(event);
  const earlier = claims.filter((claim) => compareOrigins(claim, origin) <= 0);
  return {
    resolve: (to) => world.bead(to),
    name: (of) => world.bead(of)?.id ?? of,
    highestClaim: () => highest(earlier),
  };
}

/**
 * Whether an effect came too late: written after a higher claim; or, for a close, not counted under
 * the highest claim there is. What was merged is merged.
 */
function isLate(event: LedgerEvent, claims: readonly ClaimRecord[]): boolean {
  const { epoch, op, values } = event;
  const top = highest(claims);
  if (epoch === undefined || !top) return false;
  const own = claimEpoch(epoch);
  if (op !== "close") {
    const origin = originOf(event);
    return claims.some(
      (claim) => compareEpochs(claim.epoch, own) > 0 && compareOrigins(claim, origin) < 0,
    );
  }
  const named = top.cursor !== undefined && Object.hasOwn(top.cursor.steps, event.bead);
  return values["kind"] !== "merged" && compareEpochs(own, top.epoch) < 0 && !named;
}

function highest(claims: readonly ClaimRecord[]): ClaimRecord | undefined {
  return claims.reduce<ClaimRecord | undefined>(
    (top, claim) => (!top || compareEpochs(claim.epoch, top.epoch) > 0 ? claim : top),
    undefined,
  );
}

function originOf({ clock, writer, hash, actor }: LedgerEvent): Origin {
  return { stamp: clock, writer, hash, actor };
}

/** A bead as named values; what is empty is left out. */
function flatten(bead: Bead): Map<string, Json> {
  const { claim } = bead;
  const held = claim && {
    epoch: claim.epoch,
    machine: claim.machine,
    polecat: claim.polecat,
    ...(claim.respawn !== undefined && { respawn: claim.respawn }),
    ...(claim.released && { released: true, exit: claim.exit ?? "" }),
  };
  const values: [string, Json | undefined][] = [
    ["id", bead.id],
    ["title", bead.title],
    ["status", bead.status],
    ["issue_type", bead.issueType],
    ["priority", bead.priority],
    ["tier", bead.tier],
    ["assignee", bead.assignee],
    ["close_reason", bead.closeReason],
    ["gt.close_kind", bead.closeKind],
    ["gt.close_commit", bead.closeCommit],
    ["gt.claim", held],
    ...bead.labels.map((label): [string, Json] => [`label:${label}`, true]),
    ...bead.dependencies.map(({ type, id }): [string, Json] => [`${type} ${id}`, true]),
    ...bead.comments.map(({ id, text }): [string, Json] => [`comment:${id}`, text]),
    ...Object.entries(bead.fields),
  ];
  const given = values.filter((each): each is [string, Json] => each[1] !== undefined);
  return new Map(given.filter(([, value]) => value !== ""));
}

function compare(
  before: ReadonlyMap<string, Json>,
  after: ReadonlyMap<string, Json>,
): readonly Changed[] {
  const fields = new Set([...before.keys(), ...after.keys()]);
  return [...fields].flatMap((field) => {
    const [was, is] = [before.get(field), after.get(field)];
    return isSame(was, is) ? [] : [{ field, before: was, after: is }];
  });
}

function isSame(a: Json | undefined, b: Json | undefined): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
