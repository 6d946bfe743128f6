import { invariantNames, invariants } from "../invariants/names.ts";
import { chain } from "./digest.ts";
import type { Planned } from "./faults/fault.ts";
import type { SeedReport } from "./seed-report.ts";

/** A seed that failed, with the shortest list of faults found that still fails. */
export type FailedSeed = {
  readonly report: SeedReport;
  readonly shortest: readonly Planned[] | undefined;
};

/** What many seeds came to. */
export type Summary = {
  readonly ok: boolean;
  readonly seeds: number;
  readonly elapsedSeconds: number;
  /** Of simulated time, all seeds together. */
  readonly simulatedHours: number;
  readonly events: number;
  readonly landed: number;
  /** How often each fault was injected, and each invariant had something to check. */
  readonly faults: Readonly<Record<string, number>>;
  readonly invariants: Readonly<Record<string, number>>;
  readonly failed: readonly (number | string)[];
  /** Seeds of which nothing came, with why. */
  readonly broken: readonly { readonly seed: number | string; readonly why: string }[];
  /** Of all histories, in the order of their seeds: the same seeds have the same, anywhere. */
  readonly digest: string;
  /** What never happened, though so many seeds were run that it should have. */
  readonly never: readonly string[];
};

/** From so many seeds on, what never happened is a failure. */
export const seedsEnough = 200;

/** Counts what seeds come to, as they come. */
export class Tally {
  readonly #faults: Record<string, number>;
  readonly #looked: Record<number, number>;
  readonly #failed: (number | string)[] = [];
  readonly #broken: { seed: number | string; why: string }[] = [];
  #seeds = 0;
  #simulatedMs = 0;
  #events = 0;
  #landed = 0;
  #digest = "";

  /** @param faultNames every fault that there is */
  constructor(faultNames: readonly string[]) {
    this.#faults = Object.fromEntries(faultNames.map((name) => [name, 0]));
    this.#looked = Object.fromEntries(invariants.map((each) => [each, 0]));
  }

  get seeds(): number {
    return this.#seeds;
  }

  add(report: SeedReport): void {
    this.#seeds += 1;
    this.#simulatedMs += report.elapsedMs;
    this.#events += report.events;
    this.#landed += report.landed;
    this.#digest = chain(this.#digest, report.digest);
    for (const [name, count] of Object.entries(report.injected)) {
      this.#faults[name] = (this.#faults[name] ?? 0) + count;
    }
    for (const [number, count] of Object.entries(report.looked)) {
      this.#looked[Number(number)] = (this.#looked[Number(number)] ?? 0) + count;
    }
    if (report.violations.length > 0) this.#failed.push(report.seed);
  }

  addBroken(seed: number | string, why: string): void {
    this.#seeds += 1;
    this.#broken.push({ seed, why });
  }

  /** @param isWhole whether all was as it should be, so that nothing may be missing */
  summary(elapsedMs: number, isWhole: boolean): Summary {
    const never = isWhole && this.#seeds >= seedsEnough ? this.#never() : [];
    const ok = this.#failed.length + this.#broken.length + never.length === 0;
    return {
      ok,
      seeds: this.#seeds,
      elapsedSeconds: Math.round(elapsedMs / 100) / 10,
      simulatedHours: Math.round(this.#simulatedMs / 360_000) / 10,
      events: this.#events,
      landed: this.#landed,
      faults: this.#faults,
      invariants: Object.fromEntries(Object.entries(this.#looked)),
      failed: this.#failed,
      broken: this.#broken,
      digest: this.#digest,
      never,
    };
  }

  #never(): string[] {
    const faults = Object.entries(this.#faults).filter(([, count]) => count === 0);
    const unseen = Object.entries(this.#looked).filter(([, count]) => count === 0);
    return [
      ...faults.map(([name]) => `the fault ${name} was never injected`),
      ...unseen.map(([number]) => `invariant ${number} never had anything to check`),
    ];
  }
}

/** A failed seed in words: how to see it again, what was broken, by what, and how it came to it. */
export function tellFailed({ report, shortest }: FailedSeed, again: string): string {
  const { seed, violations, story } = report;
  const faults = shortest ?? report.faults;
  const told = violations.map(({ invariant, name, seen }) => `  ${invariant} ${name}: ${seen}`);
  const few = shortest === undefined ? "its faults" : "the shortest list of faults that fails";
  const listed = faults.map(
    ({ name, target, atMs, forMs }) => `  ${name} of ${target} at ${atMs} ms for ${forMs} ms`,
  );
  return [
    `seed ${seed} failed; again: ${again}`,
    ...told,
    faults.length === 0 ? "it fails without any fault" : `${few}:`,
    ...listed,
    ...(story.length > 0 ? ["the bead concerned:", ...story.map((line) => `  ${line}`)] : []),
  ].join("\n");
}

/** A summary in words. */
export function tellSummary(summary: Summary): string {
  const { seeds, elapsedSeconds, simulatedHours, events, landed, failed, broken, never } = summary;
  const lines = [
    `${seeds} seeds in ${elapsedSeconds} s: ${simulatedHours} h simulated, ${events} events, ` +
      `${landed} beads landed`,
    "faults injected:",
    ...Object.entries(summary.faults).map(([name, count]) => `  ${count} ${name}`),
    "invariants checked:",
    ...Object.entries(summary.invariants).map(
      ([number, count]) => `  ${count} ${number} ${invariantNames[Number(number)] ?? ""}`,
    ),
    `the digest of all histories: ${summary.digest}`,
    ...never,
    ...broken.map(({ seed, why }) => `seed ${seed} broke down: ${why}`),
  ];
  if (failed.length > 0) lines.push(`failed: ${failed.join(", ")}`);
  else lines.push(summary.ok ? "every invariant held" : "not every seed came to its end");
  return lines.join("\n");
}
