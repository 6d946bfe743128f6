import { claimEpoch, compareEpochs, parseEpoch } from "#services/ledger/epoch.ts";
import type { ExitKind } from "#services/ledger/work-fields.ts";

/** What the ledger says of a bead that this machine works on, or did. */
export type Work = {
  readonly bead: string;
  /** The highest claim; undefined where the ledger shows none (any more). */
  readonly claim:
    | {
        readonly epoch: string;
        readonly polecat: string;
        readonly here: boolean;
        readonly released: boolean;
        /** The highest respawn number that was started under it. */
        readonly respawn: number | undefined;
        /** The highest respawn number that closed a step; undefined while none did. */
        readonly progress: number | undefined;
        /** How its worker left, once it has. */
        readonly exit: ExitKind | undefined;
        /** Whether another machine shall go on with it; not once its worker has submitted. */
        readonly handOff: boolean;
        /** The respawn number whose worker wants a fresh session, and for how long it has. */
        readonly restart: { readonly respawn: number; readonly sinceMs: number } | undefined;
      }
    | undefined;
  /** `merged`, `done`, …; empty while open. */
  readonly closeKind: string;
  readonly deleted: boolean;
  /** Why this machine cannot work on it, in words; undefined where it can. */
  readonly refusal: string | undefined;
  /** Whether its molecule is still there to be squashed. */
  readonly hasTrace: boolean;
  /** For how long this process has known that the claim is over; 0 while it is not. */
  readonly overMs: number;
};

/** What this machine knows of one session. */
export type SessionView = {
  readonly name: string;
  readonly bead: string;
  /** With the respawn: `4.2.0`. */
  readonly epoch: string;
  /** `starting` until its process runs, `ended` when its worktree was kept. */
  readonly state: "starting" | "running" | "ended";
  readonly alive: boolean;
  /** Whether this process waits for its end already. */
  readonly watched: boolean;
};

/** What the supervisor shall do next. */
export type Action =
  /** Start a claim's worker, or go on with a start that was interrupted. */
  | { readonly do: "spawn"; readonly bead: string; readonly epoch: string }
  /** Start it again in the same worktree, as the next incarnation. */
  | {
      readonly do: "respawn";
      readonly bead: string;
      readonly epoch: string;
      readonly after: string;
    }
  | { readonly do: "adopt"; readonly bead: string; readonly session: string }
  | {
      readonly do: "end";
      readonly bead: string;
      readonly session: string;
      readonly why: string;
    }
  /** Remove the worktree of a session without a process; `freed` once nothing depends on it. */
  | {
      readonly do: "cleanup";
      readonly bead: string;
      readonly session: string;
      readonly freed: boolean;
    }
  /** End a claim that another machine shall go on with, once all it did is pushed. */
  | { readonly do: "hand-off"; readonly bead: string; readonly epoch: string }
  /** Drop the record of an incarnation whose worktree a later one has. */
  | { readonly do: "forget"; readonly bead: string; readonly session: string }
  | { readonly do: "squash"; readonly bead: string }
  | {
      readonly do: "escalate";
      readonly bead: string;
      readonly epoch: string;
      readonly why: string;
    }
  | {
      readonly do: "decline";
      readonly bead: string;
      readonly epoch: string;
      readonly why: string;
    }
  | { readonly do: "wait"; readonly bead: string; readonly why: string };

/** How many workers at once, how often one is started again, how long one may take to leave. */
export type PolecatLimits = {
  readonly polecatsMax: number;
  readonly respawnsMax: number;
  readonly leaveGraceMs: number;
};

/** So many sessions without a step go round in a circle, though each asked for the next one. */
const sessionsMax = 20;

/** How long a worker that asked for a fresh session is left to hear the answer. */
export const answerMs = 1_000;

/**
 * What is to be done so that each claim on this machine has its polecat.
 *
 * A session is ended on positive evidence alone: a higher claim, a close, a release, a deletion. A
 * claim that is not to be seen proves nothing, so its worker goes on.
 */
export function reconcile(
  works: readonly Work[],
  sessions: readonly SessionView[],
  limits: PolecatLimits,
): Action[] {
  const kept: Action[] = [];
  const starts: Action[] = [];
  const plans = works.map((work) => {
    const own = sessions.filter(({ bead }) => bead === work.bead).sort(newestFirst);
    return { work, own, begun: begin(work, own, limits) };
  });
  const respawned = plans.filter(({ begun }) => begun.some((action) => action.do === "respawn"));
  // A worker that is started again goes back to its place: nobody new may have it meanwhile.
  let used = sessions.filter(takesPlace).length + respawned.length;
  for (const { work, own, begun } of plans) {
    for (const session of own) kept.push(...tend(work, session, own, limits));
    if (own.length === 0 && isLanded(work)) kept.push({ do: "squash", bead: work.bead });
    for (const action of begun) {
      if (action.do === "spawn" && used >= limits.polecatsMax && !isResumed(action, own)) {
        const why = `all ${limits.polecatsMax} places for polecats are taken`;
        starts.push({ do: "wait", bead: work.bead, why });
        continue;
      }
      if (action.do === "spawn" && !isResumed(action, own)) used += 1;
      starts.push(action);
    }
  }
  return [...kept, ...starts];
}

/** One that is on its way out has its place until it is gone: it still runs. */
function takesPlace({ alive, state }: SessionView): boolean {
  return alive || state === "starting";
}

type Standing = "held" | "unknown" | { readonly over: string };

/** What became of the claim under which a session was started. */
export function standing(work: Work, epoch: string): Standing {
  const { claim } = work;
  if (work.deleted) return { over: "the bead was deleted" };
  if (work.closeKind === "merged") return { over: "the work has landed" };
  const order = claim ? compareEpochs(claim.epoch, epoch) : -1;
  if (claim && order > 0) return { over: `epoch ${claim.epoch} took its place` };
  if (work.closeKind !== "") return { over: `the bead was closed as ${work.closeKind}` };
  if (!claim || order < 0) return "unknown";
  if (claim.released) return { over: `epoch ${claim.epoch} was released` };
  return "held";
}

/** What one session needs that is there already. */
function tend(
  work: Work,
  session: SessionView,
  own: readonly SessionView[],
  limits: PolecatLimits,
): Action[] {
  const { bead, name } = { bead: work.bead, name: session.name };
  const state = standing(work, session.epoch);
  const later = own.find(
    (other) => other !== session && isSameClaim(other, session) && newestFirst(other, session) < 0,
  );
  if (later) {
    if (!session.alive) return [{ do: "forget", bead, session: name }];
    return [{ do: "end", bead, session: name, why: `${later.name} took its place` }];
  }
  const adopt: Action[] =
    session.alive && !session.watched ? [{ do: "adopt", bead, session: name }] : [];
  if (typeof state === "object") {
    if (!session.alive) return [{ do: "cleanup", bead, session: name, freed: true }];
    const leaves = isLeaving(work, session) && work.overMs < limits.leaveGraceMs;
    return leaves ? adopt : [{ do: "end", bead, session: name, why: state.over }];
  }
  if (state === "held" && isToLeave(work)) return []; // See `begin`.
  const restart = work.claim?.restart;
  if (state === "held" && session.alive && restart?.respawn === respawnOf(session.epoch)) {
    const why = "its worker asked for a fresh session";
    return restart.sinceMs < answerMs ? adopt : [{ do: "end", bead, session: name, why }];
  }
  const left = state === "held" && work.claim?.exit !== undefined;
  if (left && !session.alive && session.state === "running") {
    return [{ do: "cleanup", bead, session: name, freed: false }];
  }
  return adopt;
}

/** Whether the claim needs a worker started. */
function begin(work: Work, own: readonly SessionView[], limits: PolecatLimits): Action[] {
  const { bead, claim } = work;
  if (!claim?.here || claim.exit !== undefined || standing(work, claim.epoch) !== "held") return [];
  // A ledger that went back in time must not start what a later claim of ours has overtaken.
  if (own.some(({ epoch }) => compareEpochs(epoch, claim.epoch) > 0)) return [];
  if (isToLeave(work)) return [{ do: "hand-off", bead, epoch: claim.epoch }];
  const last = own.find(({ epoch }) => claimEpoch(epoch) === claim.epoch);
  const started = Math.max(claim.respawn ?? -1, last ? respawnOf(last.epoch) : -1);
  if (last?.alive) return [];
  if (work.refusal !== undefined) {
    return [
      { do: "decline", bead, epoch: `${claim.epoch}.${Math.max(0, started)}`, why: work.refusal },
    ];
  }
  if (last?.state === "starting") return [{ do: "spawn", bead, epoch: last.epoch }];
  const next = `${claim.epoch}.${started + 1}`;
  if (started < 0) return [{ do: "spawn", bead, epoch: next }];
  // A worker that got a step further was no crash loop, whatever ended it: a restart of ours, say.
  // Nor was one that asked for a fresh session.
  const fruitless = started - Math.max(claim.progress ?? 0, (claim.restart?.respawn ?? -1) + 1);
  const sessions = started + 1 - (claim.progress ?? 0);
  if (fruitless >= limits.respawnsMax || sessions >= sessionsMax) {
    const ends = fruitless >= limits.respawnsMax ? fruitless + 1 : sessions;
    const why = `its worker ended ${ends} times without a step and without an exit`;
    return [{ do: "escalate", bead, epoch: `${claim.epoch}.${started}`, why }];
  }
  if (last) return [{ do: "respawn", bead, epoch: next, after: last.name }];
  return [{ do: "spawn", bead, epoch: next }]; // Started before, by a home that is no more.
}

/** Whether another machine shall go on with it. */
function isToLeave({ claim }: Work): boolean {
  return claim?.here === true && claim.handOff && claim.exit === undefined;
}

/** A worker that has said its exit, or whose work has landed, may finish its last steps. */
function isLeaving(work: Work, session: SessionView): boolean {
  const own = work.claim?.epoch === claimEpoch(session.epoch);
  return own && (work.claim?.exit !== undefined || work.closeKind === "merged");
}

function isLanded(work: Work): boolean {
  return work.closeKind === "merged" && work.claim?.here === true && work.hasTrace;
}

function isResumed(action: { readonly epoch: string }, own: readonly SessionView[]): boolean {
  return own.some(({ epoch, state }) => epoch === action.epoch && state === "starting");
}

function isSameClaim(a: SessionView, b: SessionView): boolean {
  return claimEpoch(a.epoch) === claimEpoch(b.epoch);
}

function newestFirst(a: SessionView, b: SessionView): number {
  return compareEpochs(b.epoch, a.epoch) || respawnOf(b.epoch) - respawnOf(a.epoch);
}

function respawnOf(epoch: string): number {
  return parseEpoch(epoch).respawn ?? 0;
}
