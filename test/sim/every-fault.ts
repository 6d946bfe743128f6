import type { Planned } from "./faults/fault.ts";
import { injectors } from "./faults/plan.ts";
import { Random } from "./random.ts";
import { machineNames, rigNamesOf, type Size } from "./world.ts";

/** They begin within this time, ms. */
const spanMs = 150_000;

/** A plan that has each fault there is once, at moments that the seed says. */
export function everyFault(seed: number | string, size: Size): Planned[] {
  const random = new Random(`${seed}/every fault`);
  const scope = { machines: machineNames(size), rigs: rigNamesOf(size) };
  const planned = injectors.map(({ name, plan }): Planned => {
    const own = random.split(name);
    return { name, atMs: own.int(0, spanMs), ...plan(own, scope) };
  });
  return planned.sort((a, b) => a.atMs - b.atMs);
}
