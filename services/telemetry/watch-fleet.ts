import { lossConfirmedField, lostField, machines } from "#services/ledger/machines.ts";
import type { World } from "#services/ledger/world.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import {
  type FleetLimits,
  type FleetVerdict,
  fleetLimits,
  judgeFleet,
  type KnownMachine,
} from "./judge-fleet.ts";
import type { Peers } from "./peers.ts";

/** One process's judgement of the fleet. */
export type FleetWatch = {
  readonly limits: FleetLimits;
  /** Who is lost, as of now. To be asked every few seconds, so that a stop of ours is noticed. */
  readonly verdict: () => FleetVerdict;
  /** Whether the bus is down, so that an idle machine has no voice. */
  readonly isDeaf: () => boolean;
  /** How long a machine has not been heard; since our start where it never was. */
  readonly silentMs: (machine: string) => number;
};

/** Rounds come every 5 s; who asks again so much later was stopped meanwhile and heard nobody. */
const asleepMs = 12_000;

/**
 * Judge the fleet by what one process hears.
 *
 * @param options.self the machine that judges, which is never lost to itself
 */
export function watchFleet(options: {
  readonly world: World;
  readonly peers: Peers;
  readonly clock: Clock;
  readonly limits?: Partial<FleetLimits>;
  readonly self?: string;
}): FleetWatch {
  const { world, peers, clock, self } = options;
  const limits = { ...fleetLimits, ...options.limits };
  let askedMs = clock.nowMs();
  let awakeMs: number | undefined;
  let stormMs: number | undefined;
  return {
    limits,
    isDeaf: () => !peers.isBusUp(),
    silentMs: (name) => clock.nowMs() - (peers.heardMs(name) ?? peers.startedMs),
    verdict: () => {
      const nowMs = clock.nowMs();
      if (nowMs - askedMs > Math.max(asleepMs, limits.lostAfterMs / 2)) awakeMs = nowMs;
      askedMs = nowMs;
      const upMs = peers.upSinceMs();
      const verdict = judgeFleet({
        machines: knownMachines(world, (name) => (name === self ? nowMs : peers.heardMs(name))),
        startedMs: peers.startedMs,
        nowMs,
        isBusUp: peers.isBusUp(),
        upSinceMs: awakeMs === undefined ? upMs : Math.max(awakeMs, upMs ?? awakeMs),
        stormMs,
        limits,
      });
      if (verdict.isStorm) stormMs = nowMs;
      return verdict;
    },
  };
}

function knownMachines(
  world: World,
  heardMs: (machine: string) => number | undefined,
): KnownMachine[] {
  return machines(world).map(({ bead, machine: { name } }) => ({
    name,
    heardMs: heardMs(name),
    lostSinceMs: instant(lostField.read(bead)?.sinceAt),
    confirmedMs: instant(lossConfirmedField.read(bead)?.at),
  }));
}

function instant(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text) || 0;
}
