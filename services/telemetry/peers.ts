import type { Bus } from "#services/bus/bus.ts";
import { beatSubjects } from "#services/bus/subjects.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import { type Beat, decodeBeat } from "./beat.ts";
import { openTwinWatch, type Twins } from "./twins.ts";

/** The last that was heard of one machine. */
export type Peer = {
  readonly beat: Beat | undefined;
  /** When it was heard, by beat or by ledger event, ms since the Unix epoch. */
  readonly heardMs: number;
  readonly link: "bus" | "git";
};

/** A machine that says nothing for this long gets no new work, and is shown as silent. */
export const silentAfterMs = 15_000;

/** What this process has heard of all the others. Silence says nothing but that it is silent. */
export type Peers = {
  readonly of: (machine: string) => Peer | undefined;
  readonly beats: () => readonly Beat[];
  /**
   * An event of this machine arrived, which it stamped at `atMs` by its own clock. It was heard
   * now, unless the event is an old one that comes late: what a catch-up brings of a past that is
   * gone is no sign of life.
   */
  readonly heardEvent: (machine: string, atMs: number) => void;
  /** When this process began to listen, ms since the Unix epoch. */
  readonly startedMs: number;
  /** When a machine was heard last, by our clock; undefined: not since we listen. */
  readonly heardMs: (machine: string) => number | undefined;
  readonly isBusUp: () => boolean;
  /** When the bus came up again after being down; undefined: it was up all the time, or never. */
  readonly upSinceMs: () => number | undefined;
  /** Whether a machine was heard within `withinMs`; this process's own first moments count. */
  readonly isHeard: (machine: string, withinMs: number) => boolean;
  /**
   * Whether a machine said nothing for that long though it could have been heard: while the bus is
   * down an idle machine has no voice, and right after it came up it has not spoken yet.
   */
  readonly isSilent: (machine: string, forMs: number) => boolean;
  /** Machines as which two processes beat at once. */
  readonly twins: () => readonly Twins[];
};

/** Listen to everyone's beats. `onBeat` is told of each. */
export function listenToPeers(options: {
  readonly bus: Bus;
  readonly town: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onBeat: (beat: Beat) => void;
}): Peers {
  const { bus, town, clock, signal, onBeat } = options;
  const startedMs = clock.nowMs();
  let upSinceMs: number | undefined;
  const linking = bus.onLink((up) => {
    if (up) upSinceMs = clock.nowMs();
  });
  const peers = new Map<string, Heard>();
  const twins = openTwinWatch();
  const listening = bus.listen(beatSubjects(town), (payload) => {
    const beat = decodeBeat(payload);
    if (!beat) return;
    const nowMs = clock.nowMs();
    twins.heard(beat, nowMs);
    peers.set(beat.machine, { beat, heardMs: nowMs, beatMs: nowMs, aheadMs: beat.atMs - nowMs });
    onBeat(beat);
  });
  const stop = () => {
    listening.stop();
    linking.stop();
  };
  signal.addEventListener("abort", stop, { once: true });
  const lastMs = (machine: string) => Math.max(startedMs, peers.get(machine)?.heardMs ?? 0);
  const show = ({ beat, heardMs, beatMs }: Heard): Peer => {
    const isOverBus = beatMs !== undefined && heardMs - beatMs <= silentAfterMs;
    return { beat, heardMs, link: isOverBus ? "bus" : "git" };
  };
  return {
    startedMs,
    twins: () => twins.all(clock.nowMs()),
    heardMs: (machine) => peers.get(machine)?.heardMs,
    isBusUp: bus.isUp,
    upSinceMs: () => upSinceMs,
    of: (machine) => {
      const held = peers.get(machine);
      return held && show(held);
    },
    beats: () => [...peers.values()].flatMap(({ beat }) => beat ?? []),
    heardEvent: (machine, atMs) => {
      const held = peers.get(machine);
      const heardMs = writtenMs(atMs, clock.nowMs(), held?.aheadMs);
      if (held && held.heardMs >= heardMs) return;
      peers.set(machine, { ...(held ?? unheard), heardMs });
    },
    isHeard: (machine, withinMs) => clock.nowMs() - lastMs(machine) <= withinMs,
    isSilent: (machine, forMs) =>
      bus.isUp() && clock.nowMs() - Math.max(upSinceMs ?? startedMs, lastMs(machine)) > forMs,
  };
}

type Heard = {
  readonly beat: Beat | undefined;
  readonly heardMs: number;
  /** When its last beat came. */
  readonly beatMs: number | undefined;
  /** How far its clock is ahead of ours, as its last beat showed; undefined before one. */
  readonly aheadMs: number | undefined;
};

const unheard = { beat: undefined, beatMs: undefined, aheadMs: undefined };

/** Clocks may be so far apart; the ledger flags what is further off. */
const skewMaxMs = 5 * 60_000;

/**
 * When an event was written, by our clock, as well as that can be known. A beat tells how the
 * writer's clock goes. Without one, what is stamped within the skew that clocks may have counts as
 * written now: it may be up to that much older, which makes a dead machine live a little longer and
 * no live one dead. What is older still is a past that comes late, and counts as of its stamp.
 */
function writtenMs(atMs: number, nowMs: number, aheadMs: number | undefined): number {
  if (aheadMs !== undefined) return Math.min(nowMs, atMs - aheadMs);
  return nowMs - atMs <= skewMaxMs ? nowMs : atMs;
}

/** The highest term of a rig that any beat claims: it is there before the ledger's word of it. */
export function beatenTerm({ beats }: Pick<Peers, "beats">, rig: string): number {
  const terms = beats().flatMap(({ authorities }) =>
    authorities.filter((each) => each.rig === rig),
  );
  return Math.max(0, ...terms.map(({ term }) => term));
}
