import { townMachine } from "#services/bus/subjects.ts";
import { wireTrouble } from "#services/config/negotiate.ts";
import { wireVersion } from "#services/config/version.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import type { World } from "#services/ledger/world.ts";
import { type Actor, type ActorOptions, runActor } from "#services/lifecycle/actor.ts";
import type { Peers } from "#services/telemetry/peers.ts";

/**
 * Why this machine takes no new work, whoever gives it any; undefined where it may. It was checked
 * as the machine joined, but a town may be upgraded, and a machine given up, at any time after.
 */
export function standingTrouble(
  world: World,
  machine: string,
  peers: Pick<Peers, "of">,
): string | undefined {
  if (world.bead(derivedUid("machine", machine))?.status === "closed") {
    return `${machine} was given up for good; started anew, its rig-agent joins again`;
  }
  const town = peers.of(townMachine)?.beat?.wire;
  return town === undefined ? undefined : wireTrouble({ town, machine: wireVersion });
}

/** Look at it now and then, and tell when it changes. */
export function watchStanding(
  options: Omit<ActorOptions, "name" | "everyMs" | "round"> & {
    readonly trouble: () => string | undefined;
    readonly told: (trouble: string | undefined) => void;
  },
): Actor {
  const { trouble, told, ...shared } = options;
  let last: string | undefined;
  const round = async () => {
    const now = trouble();
    if (now !== last) told(now);
    last = now;
  };
  return runActor({ ...shared, name: "standing", everyMs: 5_000, round });
}
