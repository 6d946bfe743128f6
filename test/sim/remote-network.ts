import type { Fault, RemoteHooks, RemoteOp } from "#services/git/memory/faults.ts";
import type { MemoryRemote } from "#services/git/memory/remote.ts";
import type { Network } from "./network.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** Something that goes wrong once: it looks at each operation until it takes one. */
export type Trap = {
  readonly before?: (op: RemoteOp, who: string) => Fault | undefined;
  readonly after?: (op: RemoteOp, who: string) => "lost" | undefined;
};

/** What stands between everyone and one remote. */
export class RemoteGate {
  readonly #timeline: Timeline;
  readonly #network: Network;
  readonly #random: Random;
  readonly #place: string;
  readonly #traps = new Set<Trap>();
  /** Told of every operation that the remote has done, before its answer is on the way. */
  readonly done = new Set<(op: RemoteOp, who: string) => void>();

  constructor(timeline: Timeline, network: Network, random: Random, remote: MemoryRemote) {
    this.#timeline = timeline;
    this.#network = network;
    this.#random = random;
    this.#place = remote.url;
    remote.hooks = this.#hooks();
  }

  /** Lie in wait; the returned function gives up. */
  trap(trap: Trap): () => void {
    this.#traps.add(trap);
    return () => this.#traps.delete(trap);
  }

  #hooks(): RemoteHooks {
    return {
      before: async (op, who) => {
        await this.#timeline.wait(this.#random.int(2, 25));
        if (!this.#network.isOpen(who, this.#place)) {
          await this.#timeline.wait(this.#random.int(100, 3_000));
          return { do: "away" };
        }
        for (const trap of this.#traps) {
          const fault = trap.before?.(op, who);
          if (!fault) continue;
          this.#traps.delete(trap);
          return fault;
        }
        return undefined;
      },
      after: async (op, who) => {
        for (const told of this.done) told(op, who);
        await this.#timeline.wait(this.#random.int(2, 25));
        if (!this.#network.isOpen(this.#place, who)) return "lost";
        for (const trap of this.#traps) {
          if (trap.after?.(op, who) !== "lost") continue;
          this.#traps.delete(trap);
          return "lost";
        }
        return undefined;
      },
    };
  }
}
