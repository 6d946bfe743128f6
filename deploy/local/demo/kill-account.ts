import type { LedgerEvent } from "#services/ledger/event.ts";
import type { Victim } from "./fleet.ts";

/** A worker that was in the middle of its work when it was killed. */
export type Interrupted = Victim & {
  /** Steps of its attempt that were closed by then, by uid. */
  readonly done: readonly string[];
  /** The step it was at, by name. */
  readonly at: string;
};

/** The molecule's steps in order; what comes after `test` is leaving. */
const workSteps = ["load-context", "branch-setup", "implement", "commit", "self-review", "test"];

/**
 * Which of the workers that lived at the kill were in mid-step: some step of their attempt was
 * closed, the last one of the work was not. Pure.
 *
 * @param events what the killed machine had durably written itself
 */
export function interruptedOf(
  victims: readonly Victim[],
  events: readonly LedgerEvent[],
): Interrupted[] {
  return victims.flatMap((victim) => {
    const steps = stepsOf(victim.bead, events);
    const closed = closesOf(steps, events).filter(({ epoch }) => epoch === victim.epoch);
    const done = [...new Set(closed.map(({ step }) => step))];
    const names = new Set(done.map((uid) => steps.get(uid)));
    const at = workSteps.find((name) => !names.has(name));
    return at === undefined || done.length === 0 ? [] : [{ ...victim, done, at }];
  });
}

/** What became of the steps that were done before a kill. */
export type KillAccount = {
  readonly machine: string;
  /** Done before the kill, and never again. */
  readonly stepsKept: number;
  /** Done before the kill, and done again after it. */
  readonly stepsRepeated: number;
};

/**
 * Count the steps of interrupted workers by the ledger alone: a step is kept if its close before
 * the kill is the only one that was ever made, repeated if it was closed again. Pure.
 *
 * @param before what the machine had written when it was killed
 * @param after every event of the ledger in the end
 */
export function accountKill(
  machine: string,
  interrupted: readonly Interrupted[],
  before: readonly LedgerEvent[],
  after: readonly LedgerEvent[],
): KillAccount {
  const known = new Set(before.map(({ hash }) => hash));
  const later = after.filter(({ hash }) => !known.has(hash));
  const done = interrupted.flatMap((each) => each.done);
  const again = new Set(later.filter(({ op }) => op === "close").map(({ bead }) => bead));
  const repeated = done.filter((step) => again.has(step)).length;
  return { machine, stepsKept: done.length - repeated, stepsRepeated: repeated };
}

/** The steps of one bead's molecule: uid and name. */
function stepsOf(work: string, events: readonly LedgerEvent[]): Map<string, string> {
  const steps = new Map<string, string>();
  for (const { op, bead, values } of events) {
    if (op !== "create") continue;
    const { fields } = values as { fields?: Record<string, unknown> };
    const name = fields?.["gt.step"];
    if (fields?.["gt.work"] === work && typeof name === "string") steps.set(bead, name);
  }
  return steps;
}

function closesOf(
  steps: ReadonlyMap<string, string>,
  events: readonly LedgerEvent[],
): { readonly step: string; readonly epoch: string }[] {
  return events.flatMap(({ op, bead, epoch }) =>
    op === "close" && epoch !== undefined && steps.has(bead) ? [{ step: bead, epoch }] : [],
  );
}
