import type { Random } from "../random.ts";
import type { Sim } from "../sim.ts";
import type { Injector, Planned, Scope } from "./fault.ts";
import { networkFaults } from "./network.ts";
import { processFaults } from "./processes.ts";
import { remoteFaults } from "./remotes.ts";
import { stateFaults } from "./state.ts";
import { stormFaults } from "./storms.ts";

/** Every way to trouble a simulated town. */
export const injectors: readonly Injector[] = [
  ...processFaults,
  ...networkFaults,
  ...remoteFaults,
  ...stateFaults,
  ...stormFaults,
];

const byName = new Map(injectors.map((each) => [each.name, each]));
/** Faults begin within this time after the work was filed. */
const spanMs = 180_000;

/** The faults of a run, in order of time: some seeds have few of them, some many at once. */
export function planFaults(random: Random, scope: Scope): Planned[] {
  const count = random.pick([0, 1, 2, 3, 4, 5, 6, 8, 10, 12]);
  return Array.from({ length: count }, (_, at) => {
    const own = random.split(`fault ${at}`);
    const { name, plan } = own.pick(injectors);
    return { name, atMs: own.int(0, spanMs), ...plan(own, scope) };
  }).sort((a, b) => a.atMs - b.atMs);
}

/** Faults that are under way. */
export type Running = {
  /** When the last one is over, ms from their beginning. */
  readonly endMs: number;
  /** How often each was injected by now; one that could not be does not count. */
  readonly injected: Record<string, number>;
  /** End all that is left: whoever still lies in wait has met nobody. */
  readonly endAll: () => void;
};

/** Let planned faults happen, from now on. */
export function runFaults(sim: Sim, faults: readonly Planned[]): Running {
  const injected: Record<string, number> = {};
  const ends = new Set<() => void>();
  for (const planned of faults) {
    sim.later(planned.atMs, () => {
      const injector = byName.get(planned.name);
      if (!injector) return;
      const untilMs = sim.nowMs + planned.forMs;
      const happened = () => {
        injected[planned.name] = (injected[planned.name] ?? 0) + 1;
        const told = { numbers: injector.faults, what: `${planned.name} of ${planned.target}` };
        sim.see({ kind: "fault", atMs: sim.nowMs, ...told, untilMs });
      };
      const end = injector.begin(sim, planned, happened);
      if (!end) return;
      if (!injector.isTrap) happened();
      const once = () => {
        if (ends.delete(once)) end();
      };
      ends.add(once);
      sim.later(planned.forMs, once);
    });
  }
  const endMs = Math.max(0, ...faults.map(({ atMs, forMs }) => atMs + forMs));
  return {
    endMs,
    injected,
    endAll: () => {
      for (const end of [...ends]) end();
    },
  };
}
