import { claimEpoch, compareEpochs } from "#services/ledger/epoch.ts";
import type { LedgerEvent } from "#services/ledger/event.ts";
import { stepField, workField } from "#services/ledger/work-fields.ts";
import { at, type Court, type Judge } from "./court.ts";
import { entry, type Facts, hostOf, termOf } from "./facts.ts";
import type { Appended, Effect, Landed, RefMoved, Worker } from "./observation.ts";
import type { RunRecord } from "./record.ts";

/** 2: at most one effective worker per bead; epochs rise; a lower one has no effect. */
export function claimsJudge(facts: Facts, court: Court): Judge {
  const terms = new Map<string, { readonly by: string; readonly atMs: number }>();
  const started: Worker[] = [];
  const effects = new Map<string, Effect[]>();
  return {
    hears: {
      worker: (seen) => {
        if (seen.what === "started") judgeStart(facts, court, started, seen);
      },
      effect: (seen) => {
        if (!seen.accepted) return;
        const ofBead = entry(effects, seen.bead);
        if (seen.what === "submit") judgeSubmit(facts, court, ofBead, seen);
        ofBead.push(seen);
      },
      landed: (seen) => judgeLanded(facts, court, seen),
      ref: (seen) => judgeChain(court, seen),
    },
    events: {
      claim: (event, seen) => {
        judgeClaim(facts, court, event, seen);
        judgeTerm(court, terms, event, seen);
      },
    },
    ends: (record) => {
      judgeClaimed(facts, court, started, record);
      judgeCounted(court, record);
    },
  };
}

function judgeClaim(facts: Facts, court: Court, event: LedgerEvent, { atMs, by }: Appended): void {
  const { bead, epoch = "0.0", writer } = event;
  court.look(2);
  for (const other of facts.claims.get(bead) ?? []) {
    const order = compareEpochs(epoch, other.epoch);
    const when = `${by} claimed it under ${epoch} at ${at(atMs)}`;
    const before = `after ${other.epoch}, which ${other.by} appended at ${at(other.atMs)}`;
    // Another process may not have heard of a higher claim; its own the writer knows.
    const isOwn = other.writer === writer && order < 0;
    if (order === 0 || isOwn) court.broken(2, atMs, bead, `${when}, ${before}`);
  }
}

/** A term belongs to one process: the chain gave it to nobody else. */
function judgeTerm(
  court: Court,
  terms: Map<string, { readonly by: string; readonly atMs: number }>,
  event: LedgerEvent,
  { atMs }: Appended,
): void {
  const rig = String(event.values["polecat"]).split("/").slice(0, 2).join("/");
  const key = `${rig} ${termOf(event.epoch ?? "0.0")}`;
  const first = terms.get(key);
  if (!first) terms.set(key, { by: event.writer, atMs });
  else if (first.by !== event.writer) {
    const two = `${first.by} claimed with it at ${at(first.atMs)}, ${event.writer} at ${at(atMs)}`;
    court.broken(2, atMs, event.bead, `a term of ${key} has two holders: ${two}`);
  }
}

function judgeStart(facts: Facts, court: Court, started: Worker[], seen: Worker): void {
  const { machine, bead, epoch, agent, atMs } = seen;
  court.look(2);
  const what = `${machine} started ${agent} under ${epoch} at ${at(atMs)}`;
  // Two machines with one name cannot know of each other in time: they are judged by what lands.
  const again = started.find((each) => {
    return each.bead === bead && each.epoch === epoch && !isTwin(each, seen);
  });
  if (again) {
    const before = `and ${again.machine} had started that attempt at ${at(again.atMs)}`;
    court.broken(2, atMs, bead, `${what}, ${before}`);
  }
  for (const other of facts.running.values()) {
    if (hostOf(other) !== hostOf(seen) || other.bead !== bead || other === again) continue;
    const still = `while its worker of ${other.epoch} still ran there since ${at(other.atMs)}`;
    court.broken(2, atMs, bead, `${what}, ${still}`);
  }
  started.push(seen);
}

/** Of one name, on two hosts. */
function isTwin(one: Worker, other: Worker): boolean {
  return one.machine === other.machine && hostOf(one) !== hostOf(other);
}

/**
 * What is submitted was worked through by this attempt, or what was not is named in its cursor: a
 * step that an older attempt closed is not skipped on the strength of that.
 */
function judgeSubmit(facts: Facts, court: Court, before: readonly Effect[], seen: Effect): void {
  const { bead, epoch, atMs } = seen;
  const own = claimEpoch(epoch);
  const claim = facts.claims.get(bead)?.find((each) => each.epoch === own);
  const work = workSteps(before);
  const done = new Set(before.flatMap(({ epoch: by, of }) => (claimEpoch(by) === own ? [of] : [])));
  court.look(2, work.size);
  for (const [step, first] of work) {
    if (done.has(step) || Object.hasOwn(claim?.steps ?? {}, step)) continue;
    const skipped = `step ${step} was done under ${first.epoch} alone, at ${at(first.atMs)}`;
    const cursor = `and is not in the cursor of ${own}`;
    court.broken(2, atMs, bead, `${epoch} submitted at ${at(atMs)}, but ${skipped}, ${cursor}`);
  }
}

/** Steps that some attempt did before it submitted, with who did them first. */
function workSteps(before: readonly Effect[]): Map<string, Effect> {
  const submitted = new Set<string>();
  const steps = new Map<string, Effect>();
  for (const each of before) {
    const claim = claimEpoch(each.epoch);
    if (each.what === "submit") submitted.add(claim);
    const isWork = each.what === "step" && !submitted.has(claim);
    if (isWork && !steps.has(each.of)) steps.set(each.of, each);
  }
  return steps;
}

/** A landing by a deposed authority, or of an attempt that its own process had overtaken. */
function judgeLanded(facts: Facts, court: Court, seen: Landed): void {
  const { rig, epoch, term, by, atMs } = seen;
  const bead = facts.workOf(seen);
  court.look(2);
  for (const claim of facts.claims.get(bead) ?? []) {
    const isHigher = compareEpochs(claim.epoch, epoch) > 0;
    const isKnown = claim.by === by || (term !== undefined && termOf(claim.epoch) > term);
    if (!isHigher || !isKnown) continue;
    const what = `${by} landed it in ${rig} under ${epoch} at ${at(atMs)}`;
    const over = `though ${claim.by} had claimed it under ${claim.epoch} at ${at(claim.atMs)}`;
    court.broken(2, atMs, bead, `${what}, ${over}`);
  }
}

/** The chain of authority is the one lock: a push that takes a link out of it breaks it. */
function judgeChain(court: Court, { remote, ref, how, isForward, by, from, to, atMs }: RefMoved) {
  if (ref !== "refs/gastown/authority" || how !== "ours") return;
  court.look(2);
  if (isForward) return;
  const moved = `${by} moved the chain of authority of ${remote} from ${from} to ${to}`;
  court.broken(2, atMs, remote, `${moved} at ${at(atMs)}, which does not follow it`);
}

/** Whatever was started was claimed, for that machine. */
function judgeClaimed(
  { claims }: Facts,
  court: Court,
  started: readonly Worker[],
  { finals }: RunRecord,
): void {
  for (const { machine, bead, epoch, agent, atMs } of started) {
    const own = claimEpoch(epoch);
    const seen = claims.get(bead)?.find((each) => each.epoch === own);
    // A claim may be durable though its writer died before it heard so.
    const kept = finals.map(({ world }) => world.state(bead)?.claims.get(own));
    const claim = seen ?? kept.find((each) => each !== undefined);
    if (claim?.machine === machine) continue;
    const why = claim ? `that claim is for ${claim.machine}` : "nobody made that claim";
    const what = `${machine} started ${agent} under ${epoch} at ${at(atMs)}`;
    court.broken(2, atMs, bead, `${what}, and ${why}`);
  }
}

/** What counts as done at the end was done under the claim that counts, or that claim says so. */
function judgeCounted(court: Court, { finals: [final], ending }: RunRecord): void {
  const world = final?.world;
  for (const step of world?.everywhere() ?? []) {
    const work = stepField.read(step) === undefined ? undefined : workField.read(step);
    const claim = work === undefined ? undefined : world?.bead(work)?.claim;
    if (!claim || step.closes.length === 0) continue;
    court.look(2);
    const own = `step:${claim.epoch}`;
    const isOlder = step.closes.every((close) => close.startsWith("step:") && close !== own);
    if (step.status !== "closed" || !isOlder || Object.hasOwn(claim.done, step.uid)) continue;
    const what = `${step.id} counts as done under ${claim.epoch}, which never did it`;
    const by = step.closes.map((close) => close.replace("step:", "")).join(", ");
    court.broken(2, ending.atMs, work ?? "", `${what}: ${by} did, and is not in its cursor`);
  }
}
