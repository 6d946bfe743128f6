import { claimEpoch } from "#services/ledger/epoch.ts";
import type { LedgerEvent } from "#services/ledger/event.ts";
import { at, type Court, type Judge } from "./court.ts";
import { type Facts, termOf } from "./facts.ts";
import type { Appended, Landed } from "./observation.ts";
import type { RunRecord } from "./record.ts";

type Merged = { readonly bead: string; readonly commit: string; readonly atMs: number };

/** 5: what is closed as merged has landed, and what has landed is closed, once. */
export function mergedJudge(facts: Facts, court: Court): Judge {
  const merged: Merged[] = [];
  /** How often each bead ever landed, taken back or not. */
  const times = new Map<string, number>();
  return {
    hears: {
      landed: (seen) => {
        const bead = facts.workOf(seen);
        times.set(bead, (times.get(bead) ?? 0) + 1);
        judgeAgain(facts, court, seen);
      },
    },
    events: {
      close: (event, seen) => {
        const close = judgeClose(facts, court, event, seen);
        if (close) merged.push(close);
      },
      claim: (event, seen) => judgeClaim(facts, court, event, seen),
    },
    ends: (record) => {
      for (const close of merged) judgeStays(facts, court, close, record);
      judgeClosed(facts, court, times, record);
    },
  };
}

function judgeClose(
  facts: Facts,
  court: Court,
  { bead, values, actor }: LedgerEvent,
  { atMs }: Appended,
): Merged | undefined {
  if (values["kind"] !== "merged") return undefined;
  court.look(5);
  const commit = String(values["commit"] ?? "");
  if (facts.landedCommits.has(commit) || facts.isInAny(commit)) return { bead, commit, atMs };
  const what = `${actor} closed it as merged at ${at(atMs)}`;
  court.broken(5, atMs, bead, `${what}, and no target had ${commit || "a commit of it"}`);
  return undefined;
}

/** It landed before, in another attempt, and nobody asked for it again. */
function judgeAgain(facts: Facts, court: Court, seen: Landed): void {
  const { rig, epoch, request, commit, atMs, by } = seen;
  const bead = facts.workOf(seen);
  for (const other of facts.landed.get(bead) ?? []) {
    const isSame = claimEpoch(other.epoch) === claimEpoch(epoch) || other.request === request;
    if (isSame || isAskedAgain(facts, bead, other)) continue; // Another judge's affair.
    if (!facts.code[rig]?.contains(commit, other.commit)) continue;
    const first = `${other.epoch} had landed at ${at(other.atMs)}`;
    court.broken(5, atMs, bead, `${by} landed ${epoch} at ${at(atMs)}, though ${first}`);
  }
}

/** An authority that holds the term of a landing, or a later one, knows of it. */
function judgeClaim(facts: Facts, court: Court, event: LedgerEvent, { atMs, by }: Appended): void {
  const { bead, epoch = "0.0" } = event;
  for (const landed of facts.landed.get(bead) ?? []) {
    const isKnown = by === landed.by || termOf(epoch) >= (landed.term ?? Number.POSITIVE_INFINITY);
    if (!isKnown || isAskedAgain(facts, bead, landed)) continue;
    const first = `${landed.epoch} had landed at ${at(landed.atMs)}`;
    court.broken(5, atMs, bead, `${by} claimed it under ${epoch} at ${at(atMs)}, though ${first}`);
  }
}

function isAskedAgain({ reopenedMs }: Facts, bead: string, { atMs }: Landed): boolean {
  return (reopenedMs.get(bead) ?? Number.NEGATIVE_INFINITY) >= atMs;
}

/** What was merged stays merged, unless somebody else took the target back. */
function judgeStays(facts: Facts, court: Court, close: Merged, { ending }: RunRecord): void {
  const { bead, commit, atMs } = close;
  if (facts.landedCommits.has(commit) || facts.isInAny(commit)) return;
  if ([...facts.takenBackMs.values()].some((ms) => ms >= atMs)) return;
  const what = `closed as merged at ${at(atMs)}`;
  court.broken(5, ending.atMs, bead, `${what}, and no target has ${commit} at the end`);
}

function judgeClosed(
  facts: Facts,
  court: Court,
  times: ReadonlyMap<string, number>,
  { finals, ending }: RunRecord,
): void {
  const world = finals[0]?.world;
  if (!world || !ending.waited) return;
  for (const [bead, landings] of facts.landed) {
    const last = landings.at(-1);
    if (!last || isAskedAgain(facts, bead, last)) continue;
    court.look(5);
    const what = `${last.epoch} landed at ${at(last.atMs)}`;
    const view = world.bead(bead);
    if (view && view.status !== "closed" && !view.deleted) {
      court.broken(5, ending.atMs, bead, `${what}, and it is ${view.status} at the end`);
    }
    const closes = [...(world.state(bead)?.closes.values() ?? [])];
    const standing = closes.filter(({ kind }) => kind === "merged");
    if (standing.length > (times.get(bead) ?? 0)) {
      const how = `it is closed as merged ${standing.length} times`;
      court.broken(5, ending.atMs, bead, `${what}, and ${how}`);
    }
  }
}
