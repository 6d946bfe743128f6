import type { LedgerEvent, Operation } from "#services/ledger/event.ts";
import { invariantNames, invariants } from "./names.ts";
import type { Appended, Observation } from "./observation.ts";
import type { RunRecord } from "./record.ts";
import type { Violation } from "./violation.ts";

/** Of one invariant this many violations are told; the rest would only repeat them. */
const violationsMax = 5;

/** Where judges say what they looked at, and what they found. */
export class Court {
  readonly violations: Violation[] = [];
  readonly looked: Record<number, number> = Object.fromEntries(invariants.map((each) => [each, 0]));
  readonly #told = new Map<number, number>();

  /** An invariant had something to check. */
  look(invariant: number, times = 1): void {
    this.looked[invariant] = (this.looked[invariant] ?? 0) + times;
  }

  broken(invariant: number, atMs: number, concerns: string, seen: string): void {
    const told = this.#told.get(invariant) ?? 0;
    this.#told.set(invariant, told + 1);
    if (told >= violationsMax) return;
    const name = invariantNames[invariant] ?? "";
    this.violations.push({ invariant, name, concerns, atMs, seen });
  }
}

/** What a judge of one or a few invariants wants to hear, in the order in which it happened. */
export type Judge = {
  readonly hears?: {
    readonly [K in Observation["kind"]]?: (seen: Extract<Observation, { kind: K }>) => void;
  };
  /** Each acknowledged event of an operation. */
  readonly events?: { readonly [O in Operation]?: (event: LedgerEvent, seen: Appended) => void };
  /** The run is over. */
  readonly ends?: (record: RunRecord) => void;
};

/** From here on a number of ms is a time, and no length of time. */
const timesFromMs = 1e12;

/** A time of day, or a length of time, as reports show it. */
export function at(atMs: number): string {
  if (atMs >= timesFromMs) return new Date(atMs).toISOString().slice(11, 23);
  return `${(atMs / 1_000).toFixed(3)} s`;
}
