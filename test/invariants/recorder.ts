import type { LedgerEvent, Operation } from "#services/ledger/event.ts";
import { accessJudge } from "./access.ts";
import { capacityJudge } from "./capacity.ts";
import { claimsJudge } from "./claims.ts";
import { Court, type Judge } from "./court.ts";
import { endedJudge } from "./ended.ts";
import { eventsJudge } from "./events.ts";
import { Facts, keepFacts } from "./facts.ts";
import { heldJudge } from "./held.ts";
import { landingsJudge } from "./landings.ts";
import { lossJudge } from "./loss.ts";
import { mergedJudge } from "./merged.ts";
import type { Appended, Observation } from "./observation.ts";
import { placementJudge } from "./placement.ts";
import { quietJudge } from "./quiet.ts";
import type { Code, Ending, Final, Limits, RunRecord } from "./record.ts";
import { requestsJudge } from "./requests.ts";
import { targetJudge } from "./target.ts";
import type { Violation } from "./violation.ts";
import { watchesJudge } from "./watches.ts";

/** What came of a run. */
export type Verdict = {
  readonly violations: readonly Violation[];
  /** How often each invariant had something to check. */
  readonly looked: Readonly<Record<number, number>>;
};

const judges: readonly ((facts: Facts, court: Court) => Judge)[] = [
  ...[eventsJudge, claimsJudge, requestsJudge, landingsJudge, mergedJudge, targetJudge],
  ...[heldJudge, endedJudge, capacityJudge, placementJudge, watchesJudge, accessJudge],
  ...[lossJudge, quietJudge],
];

/**
 * Takes down what is seen of a run, and judges it as it comes: what is broken in the middle of a
 * run is known then, and the end costs little.
 */
export class Recorder {
  readonly observations: Observation[] = [];
  readonly #limits: Limits;
  readonly #code: Readonly<Record<string, Code>>;
  readonly #court = new Court();
  readonly #judges: readonly Judge[];
  readonly #hears = new Map<string, ((seen: never) => void)[]>();
  readonly #events = new Map<string, ((event: LedgerEvent, seen: Appended) => void)[]>();

  constructor(limits: Limits, code: Readonly<Record<string, Code>>) {
    this.#limits = limits;
    this.#code = code;
    const facts = new Facts(limits, code);
    // The facts last: a judge of an event wants to know how things were before it.
    this.#judges = [...judges.map((judge) => judge(facts, this.#court)), keepFacts(facts)];
    for (const { hears = {}, events = {} } of this.#judges) {
      for (const [kind, hear] of Object.entries(hears)) add(this.#hears, kind, hear as never);
      for (const [op, hear] of Object.entries(events)) add(this.#events, op, hear);
    }
  }

  /** What was found so far. */
  get violations(): readonly Violation[] {
    return this.#court.violations;
  }

  /** Take down one observation; they come in the order in which they happened. */
  see(seen: Observation): void {
    this.observations.push(seen);
    if (seen.kind === "appended") this.#hearEvents(seen);
    for (const hear of this.#hears.get(seen.kind) ?? []) hear(seen as never);
  }

  #hearEvents(seen: Appended): void {
    for (const event of seen.events) {
      for (const hear of this.#events.get(event.op as Operation) ?? []) hear(event, seen);
    }
  }

  /** The run is over: judge what only the end can tell. */
  finish(finals: readonly Final[], ending: Ending): Verdict & { readonly record: RunRecord } {
    const [limits, code, { observations }] = [this.#limits, this.#code, this];
    const record: RunRecord = { limits, code, observations, finals, ending };
    for (const { ends } of this.#judges) ends?.(record);
    const { violations, looked } = this.#court;
    return { violations, looked, record };
  }
}

function add<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const held = lists.get(key);
  if (held) held.push(value);
  else lists.set(key, [value]);
}
