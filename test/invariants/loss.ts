import type { LedgerEvent } from "#services/ledger/event.ts";
import { lostField } from "#services/ledger/machines.ts";
import { at, type Court, type Judge } from "./court.ts";
import { type Facts, fieldsOf } from "./facts.ts";
import type { Appended } from "./observation.ts";

type Known = { readonly confirmed: ReadonlySet<string>; readonly townUpMs: number };

/** 19: silence alone makes nobody lost before its time, a fresh town or a storm not even then. */
export function lossJudge(facts: Facts, court: Court): Judge {
  const confirmed = new Set<string>();
  let townUpMs = 0;
  return {
    hears: {
      confirmed: ({ machines }) => {
        for (const machine of machines) confirmed.add(machine);
      },
      process: ({ of, isUp, atMs }) => {
        if (of === "town" && isUp) townUpMs = atMs;
      },
      silence: ({ machine, isSilent }) => {
        if (isSilent) return;
        court.look(19);
        confirmed.delete(machine);
      },
    },
    events: {
      set: (event, seen) => judgeLost(facts, court, event, { seen, confirmed, townUpMs }),
    },
  };
}

function judgeLost(
  facts: Facts,
  court: Court,
  event: LedgerEvent,
  { seen, confirmed, townUpMs }: Known & { readonly seen: Appended },
): void {
  const lost = fieldsOf(event)[lostField.name];
  const machine = facts.machines.get(event.bead) ?? event.bead;
  if (lost === undefined || lost === null || facts.lost.has(machine)) return;
  court.look(19);
  if (confirmed.has(machine)) return;
  const { atMs } = seen;
  const why = tooEarly(facts, machine, { atMs, townUpMs });
  if (why === undefined) return;
  court.broken(19, atMs, machine, `${event.actor} held it for lost at ${at(atMs)}, though ${why}`);
}

function tooEarly(
  facts: Facts,
  machine: string,
  { atMs, townUpMs }: { readonly atMs: number; readonly townUpMs: number },
): string | undefined {
  const { lostAfterMs, graceMs, beatMs, slackMs, brakeShare, brakeMaxFactor } = facts.limits;
  // Its last sign may have come up to a beat before it fell silent.
  const earlyMs = beatMs + slackMs;
  const stillMs = silentMs(facts, machine, atMs);
  if (stillMs < lostAfterMs - earlyMs) return `it had been silent for ${at(stillMs)} alone`;
  if (atMs - townUpMs < graceMs) return `the town had run since ${at(townUpMs)} only`;
  const known = new Set(facts.machines.values());
  // Who falls silent with others is lost a few beats before the last of them: half the time counts.
  const isSilent = (each: string) => {
    const mute = atMs - (facts.wroteMs.get(each) ?? Number.NEGATIVE_INFINITY);
    return Math.min(silentMs(facts, each, atMs), mute) > lostAfterMs / 2 + earlyMs;
  };
  const silent = [...known].filter(isSilent).length;
  const isStorm = silent > brakeShare * known.size;
  if (!isStorm || stillMs >= brakeMaxFactor * lostAfterMs - earlyMs) return undefined;
  return `${silent} of ${known.size} were silent at once, and it for ${at(stillMs)} alone`;
}

/** How long nothing was heard of a machine; one that spoke again may not have been heard yet. */
function silentMs({ silences, limits }: Facts, machine: string, atMs: number): number {
  const silence = silences.get(machine);
  if (!silence) return 0;
  const { sinceMs, untilMs = atMs } = silence;
  return atMs - untilMs <= limits.beatMs + limits.slackMs ? untilMs - sinceMs : 0;
}
