import type { Bus } from "#services/bus/bus.ts";
import { beatSubjects } from "#services/bus/subjects.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import { type Beat, decodeBeat } from "./beat.ts";

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
  /** An event of this machine arrived, which it stamped at `atMs`. */
  readonly heardEvent: (machine: string, atMs: number) => void;
  /** Whether a machine was heard within `withinMs`; this process's own first moments count. */
  readonly isHeard: (machine: string, withinMs: number) => boolean;
  /**
   * Whether a machine said nothing for that long though it could have been heard: while the bus is
   * down an idle machine has no voice, and right after it came up it has not spoken yet.
   */
  readonly isSilent: (machine: string, forMs: number) => boolean;
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
  let upMs = startedMs;
  const linking = bus.onLink((up) => {
    if (up) upMs = clock.nowMs();
  });
  const peers = new Map<string, Peer>();
  const listening = bus.listen(beatSubjects(town), (payload) => {
    const beat = decodeBeat(payload);
    if (!beat) return;
    peers.set(beat.machine, { beat, heardMs: clock.nowMs(), link: "bus" });
    onBeat(beat);
  });
  const stop = () => {
    listening.stop();
    linking.stop();
  };
  signal.addEventListener("abort", stop, { once: true });
  const lastMs = (machine: string) => Math.max(startedMs, peers.get(machine)?.heardMs ?? 0);
  return {
    of: (machine) => peers.get(machine),
    beats: () => [...peers.values()].flatMap(({ beat }) => beat ?? []),
    heardEvent: (machine, atMs) => {
      const held = peers.get(machine);
      const heardMs = Math.min(atMs, clock.nowMs());
      if (held && held.heardMs >= heardMs) return;
      peers.set(machine, { beat: held?.beat, heardMs, link: "git" });
    },
    isHeard: (machine, withinMs) => clock.nowMs() - lastMs(machine) <= withinMs,
    isSilent: (machine, forMs) =>
      bus.isUp() && clock.nowMs() - Math.max(upMs, lastMs(machine)) > forMs,
  };
}
