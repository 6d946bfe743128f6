import { times } from "../fleet.ts";
import type { Scenario } from "../scenario.ts";
import { claimsOf, holdOnBoth, letAllGo, losses, pairOfMachines } from "../steps.ts";

/** Machines and town are stopped for less than the grace time; nobody takes anybody for lost. */
export const pausedShort: Scenario = {
  name: "paused-short",
  faults: [10],
  isFast: true,
  run: async (stage) => {
    const pair = await pairOfMachines(stage);
    const held = await holdOnBoth(stage, pair, 2);
    const { town } = stage.fleet;
    for (const unit of [pair.other, pair.holder, town]) {
      unit.pause();
      await stage.last(times.graceMs * 0.7);
      unit.resume();
    }
    letAllGo(held.all);
    for (const work of held.all) {
      await work.landed();
      stage.expect(claimsOf(stage, work).length === 1, `${work.id} was claimed again`);
    }
    stage.expect(losses(stage).length === 0, "a pause shorter than the grace time lost a machine");
  },
};
