import type { Beat } from "./beat.ts";

/** Two processes that beat as one machine, as of a copy of its home that runs beside it. */
export type Twins = { readonly machine: string; readonly incarnations: readonly [string, string] };

/** Who beats as whom. */
export type TwinWatch = {
  readonly heard: (beat: Pick<Beat, "machine" | "incarnation">, nowMs: number) => void;
  readonly all: (nowMs: number) => readonly Twins[];
};

/** So long after the last change between the two they count as running beside each other. */
const besideMs = 60_000;
/** A start anew is one change; a late beat of what ended before it makes it three. */
const changesMin = 4;

type Pair = {
  last: string;
  former: string | undefined;
  /** How often the two took turns, within `besideMs` of each other. */
  changes: number;
  changedMs: number;
};

/** Watch beats for machines that are two processes: their beats take turns again and again. */
export function openTwinWatch(): TwinWatch {
  const pairs = new Map<string, Pair>();
  return {
    heard: ({ machine, incarnation }, nowMs) => {
      const pair = pairs.get(machine);
      if (!pair) {
        pairs.set(machine, { last: incarnation, former: undefined, changes: 0, changedMs: nowMs });
        return;
      }
      if (pair.last === incarnation) return;
      const isTurn = pair.former === incarnation && nowMs - pair.changedMs <= besideMs;
      pair.changes = isTurn ? pair.changes + 1 : 1;
      pair.former = pair.last;
      pair.last = incarnation;
      pair.changedMs = nowMs;
    },
    all: (nowMs) =>
      [...pairs].flatMap(([machine, { last, former, changes, changedMs }]) => {
        if (former === undefined || changes < changesMin || nowMs - changedMs > besideMs) return [];
        const [one, other] = last < former ? [last, former] : [former, last];
        return [{ machine, incarnations: [one, other] as const }];
      }),
  };
}
