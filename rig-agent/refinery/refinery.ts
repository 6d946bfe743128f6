import { type Actor, runActor } from "#services/lifecycle/actor.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import { TownError } from "#services/rpc/town-error.ts";
import type { Term } from "../authority/terms.ts";
import { type LaneMemory, newLane, workLane } from "./lane.ts";
import type { RefineryPorts } from "./ports.ts";
import { reconcileChain } from "./reconcile.ts";

/** The Refinery of every rig whose authority this process holds. */
export type Refinery = {
  /** Look at the queues soon. */
  readonly ring: () => void;
  /**
   * A term was taken: close what its chain says landed. To be awaited before anything is claimed.
   *
   * @throws TownError `stale` where another term was taken meanwhile
   */
  readonly reconcile: (term: Term) => Promise<void>;
  /** Resolves when no gate runs and no push is under way any more, after the signal was raised. */
  readonly ended: Promise<void>;
};

/** How the Refinery's loops run. */
export type RefineryOptions = {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The longest time between two looks at a queue. */
  readonly everyMs?: number;
  readonly report: (error: unknown, actor: string) => void;
};

/**
 * Run the merge queues: one loop for each rig, so that slow gates of one hold up no other. Every
 * change of the ledger rings them; a look at an empty queue starts no subprocess.
 */
export function startRefinery(ports: RefineryPorts, options: RefineryOptions): Refinery {
  const { clock, signal, everyMs = 5_000, report } = options;
  const lanes = new Map<string, { memory: LaneMemory; actor: Actor }>();
  const ring = () => {
    if (signal.aborted) return;
    for (const { rig } of ports.terms.all()) lane(rig).actor.ring();
  };
  const lane = (rig: string) => {
    const known = lanes.get(rig);
    if (known) return known;
    const memory = newLane();
    const round = () => workLane(ports, rig, memory, signal);
    const name = `rigs/${rig}/refinery`;
    const actor = runActor({ name, clock, signal, everyMs, round, report });
    const made = { memory, actor };
    lanes.set(rig, made);
    return made;
  };
  const deaf = ports.ledger.onChange(ring);
  const look = async () => ring();
  const opener = runActor({ name: "refinery", clock, signal, everyMs, round: look, report });
  const ended = opener.ended.then(async () => {
    deaf();
    await Promise.all([...lanes.values()].map(({ actor }) => actor.ended));
  });
  return {
    ring,
    reconcile: async (term) => {
      const seen = await reconcileChain(ports, term, signal);
      if (seen.kind === "fenced") throw new TownError("stale", seen.why);
    },
    ended,
  };
}
