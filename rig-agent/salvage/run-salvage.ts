import type { SalvageGit } from "#services/git/salvage.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { type Rig, rigNamed } from "#services/ledger/rigs.ts";
import { type Actor, runActor } from "#services/lifecycle/actor.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import type { Terms } from "../authority/terms.ts";
import { type Collected, collect } from "./collect.ts";

/** What the patrol of left work is run with. */
export type SalvageOptions = {
  readonly ledger: Ledger;
  /** It looks after the rigs whose authority this machine holds. */
  readonly terms: Terms;
  readonly git: SalvageGit;
  /** Make sure that our bare clone of a rig's remote is there and level with it; its path. */
  readonly clone: (rig: Rig, signal: AbortSignal) => Promise<string>;
  /** How long what landed or was released is kept. */
  readonly ageMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly report: (error: unknown, actor: string) => void;
  /** Told of each attempt whose refs were removed. */
  readonly tell: (collected: Collected & { readonly rig: string }) => void;
};

const everyMs = 3_600_000;
const soonestMs = 60_000;
/** One push removes so many; the rest waits for the next round. */
const refsMax = 200;

/** Collect what landed or was released: a slow patrol, for nothing of it hurries. */
export function runSalvage(options: SalvageOptions): Actor {
  const { ledger, terms, git, ageMs, clock, signal, report } = options;
  const { world } = ledger;
  return runActor({
    name: "salvage",
    clock,
    signal,
    report,
    everyMs: Math.min(everyMs, Math.max(soonestMs, ageMs)),
    round: async () => {
      for (const { rig: name } of terms.all()) {
        const rig = rigNamed(world, name)?.rig;
        if (!rig) continue;
        try {
          const repoDir = await options.clone(rig, signal);
          const holds = () => terms.of(name) !== undefined;
          const limits = { ageMs, refsMax };
          const ports = { world, git, nowMs: clock.nowMs, limits, holds };
          const collected = await collect(ports, { rig, repoDir, signal });
          for (const each of collected) options.tell({ ...each, rig: name });
        } catch (error) {
          if (signal.aborted) throw error;
          // One remote that is away keeps the others' from being looked after no longer than this.
          report(error, `salvage of ${name}`);
        }
      }
    },
  });
}
