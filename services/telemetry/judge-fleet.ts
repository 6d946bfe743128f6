/** When silence is loss. */
export type FleetLimits = {
  /** The longest pause, ours or another's around our start, that makes nobody lost. */
  readonly graceMs: number;
  /** Silence that is loss, where it was a machine's own. */
  readonly lostAfterMs: number;
  /** With more than this share of the fleet silent at once, the fault is taken to be ours. */
  readonly brakeShare: number;
  /** After so many times `lostAfterMs` a silence is believed all the same. */
  readonly brakeMaxFactor: number;
};

/** Default limits. */
export const fleetLimits: FleetLimits = {
  graceMs: 30_000,
  lostAfterMs: 60_000,
  brakeShare: 0.5,
  brakeMaxFactor: 10,
};

/** A machine as whoever judges it knows it; all times by the judge's own clock. */
export type KnownMachine = {
  readonly name: string;
  /** When it was heard last; undefined: not since this process listens. */
  readonly heardMs: number | undefined;
  /** It was held for lost already, since then. */
  readonly lostSinceMs?: number | undefined;
  /** When a person said that its silence is loss. */
  readonly confirmedMs?: number | undefined;
};

/** What a judgement rests on. */
export type FleetView = {
  readonly machines: readonly KnownMachine[];
  readonly startedMs: number;
  readonly nowMs: number;
  readonly isBusUp: boolean;
  /**
   * When our ears opened again: the bus came back, or this process woke from a stop. Undefined
   * where they were open ever since the start.
   */
  readonly upSinceMs: number | undefined;
  /** When a storm was seen last; undefined: never. */
  readonly stormMs?: number | undefined;
  readonly limits: FleetLimits;
};

/** Since when a machine is lost, and in words why it is taken to be. */
export type Loss = { readonly sinceMs: number; readonly why: string };

/** Who is lost. */
export type FleetVerdict = {
  readonly lost: ReadonlyMap<string, Loss>;
  /** Silent machines that are not taken for lost only because too many are silent with them. */
  readonly braked: readonly string[];
};

/** The same, and whether too many are silent at once as of now. */
export type FleetJudgement = FleetVerdict & { readonly isStorm: boolean };

/**
 * Who of a fleet is lost. Unknown is not dead: silence counts only where the machine could have
 * been heard, and where it is its own.
 *
 * - Nobody becomes lost in the first two graces after our start: a pause as long as the grace may
 *   begin as we start, and who comes out of it needs a beat's time to be heard.
 * - Nobody becomes lost by silence while the bus is down, when an idle machine has no voice, nor
 *   within `lostAfterMs` of our hearing again.
 * - The storm brake counts who has been silent for half of `lostAfterMs`: machines that fell silent
 *   together were heard last a few beats apart, and the first must not be lost before the rest
 *   count. Who has been lost for longer than the brake holds is no part of the storm; who was lost
 *   lately is, so that one that the overseer gives up does not take the others with it.
 * - Who comes out of a storm comes one by one: the brake holds for `lostAfterMs` after it, or the
 *   first that is heard again would have the rest held for lost.
 * - Who is lost stays lost until it is heard, whoever starts anew meanwhile.
 */
export function judgeFleet(view: FleetView): FleetJudgement {
  const lost = new Map<string, Loss>();
  const unsettled: KnownMachine[] = [];
  for (const machine of view.machines) {
    const loss = settledLoss(machine, view);
    if (loss) lost.set(machine.name, loss);
    else if (machine.lostSinceMs === undefined) unsettled.push(machine);
  }
  if (!canJudge(view)) return { lost, braked: [], isStorm: false };
  const { limits, nowMs, stormMs = Number.NEGATIVE_INFINITY } = view;
  const isStorm = isStormIn(view);
  const isBraked = isStorm || nowMs - stormMs < limits.lostAfterMs;
  const braked: string[] = [];
  for (const machine of unsettled) {
    if (silentMs(machine, view) <= limits.lostAfterMs) continue;
    const seenSilentMs = ownSilentMs(machine, view);
    if (isBraked && seenSilentMs < limits.brakeMaxFactor * limits.lostAfterMs) {
      braked.push(machine.name);
      continue;
    }
    const sinceMs = machine.heardMs ?? view.startedMs;
    const seconds = Math.round((nowMs - sinceMs) / 1_000);
    lost.set(machine.name, { sinceMs, why: `not heard for ${seconds} s` });
  }
  return { lost, braked, isStorm };
}

/** A loss that needs no new silence: it stood before and nothing was heard since, or was told. */
function settledLoss(machine: KnownMachine, view: FleetView): Loss | undefined {
  const { heardMs, lostSinceMs, confirmedMs } = machine;
  if (silentMs(machine, view) <= view.limits.lostAfterMs) {
    // Where it was heard before a person spoke, the person knows more than that sound.
    if (confirmedMs === undefined || confirmedMs <= (heardMs ?? 0)) return undefined;
  }
  if (lostSinceMs !== undefined) return { sinceMs: lostSinceMs, why: "not heard since" };
  if (confirmedMs === undefined || confirmedMs <= (heardMs ?? 0) || isEarly(view)) return undefined;
  return { sinceMs: heardMs ?? view.startedMs, why: "the overseer confirmed its loss" };
}

function canJudge(view: FleetView): boolean {
  const { isBusUp, upSinceMs, nowMs, limits } = view;
  if (!isBusUp || isEarly(view)) return false;
  return upSinceMs === undefined || nowMs - upSinceMs >= limits.lostAfterMs;
}

function isEarly({ nowMs, startedMs, limits }: FleetView): boolean {
  return nowMs - startedMs < 2 * limits.graceMs;
}

function isStormIn(view: FleetView): boolean {
  const { lostAfterMs, brakeShare, brakeMaxFactor } = view.limits;
  const longAgoMs = view.nowMs - brakeMaxFactor * lostAfterMs;
  const machines = view.machines.filter(({ lostSinceMs = longAgoMs }) => lostSinceMs >= longAgoMs);
  const silent = machines.filter((machine) => silentMs(machine, view) > lostAfterMs / 2);
  return silent.length > brakeShare * machines.length;
}

/** How long a machine has been silent, whoever could hear it; without end where never heard. */
function silentMs({ heardMs }: KnownMachine, { nowMs }: FleetView): number {
  return nowMs - (heardMs ?? Number.NEGATIVE_INFINITY);
}

/** How long this process itself could have heard it and did not. */
function ownSilentMs({ heardMs }: KnownMachine, view: FleetView): number {
  const { nowMs, startedMs, upSinceMs } = view;
  return nowMs - Math.max(startedMs, heardMs ?? startedMs, upSinceMs ?? startedMs);
}
