import { times } from "../fleet.ts";
import type { Scenario } from "../scenario.ts";
import { holdOnBoth, letAllGo, pairOfMachines } from "../steps.ts";
import { fileMany } from "../work.ts";

/** A machine's link to the bus stays open and delivers nothing, longer than a loss takes. */
export const halfOpenBus: Scenario = {
  name: "half-open-bus",
  faults: [17, 25],
  isFast: false,
  run: async (stage) => {
    const pair = await pairOfMachines(stage);
    const held = await holdOnBoth(stage, pair, 2);
    pair.other.links.bus.hole("both");
    letAllGo(held.all);
    await fileMany(stage, 2);
    await stage.last(times.lostAfterMs * 1.6);
    pair.other.links.bus.heal();
  },
};
