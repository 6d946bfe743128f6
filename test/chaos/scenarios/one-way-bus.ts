import { times } from "../fleet.ts";
import type { Scenario } from "../scenario.ts";
import { holdOnBoth, letAllGo, pairOfMachines } from "../steps.ts";
import { fileMany } from "../work.ts";

/** First nobody hears the authority, which hears all; then it hears nobody, and all hear it. */
export const oneWayBus: Scenario = {
  name: "one-way-bus",
  faults: [18],
  isFast: false,
  run: async (stage) => {
    const pair = await pairOfMachines(stage);
    const held = await holdOnBoth(stage, pair, 3);
    const { bus } = pair.holder.links;
    bus.hole("up");
    await stage.last(times.lostAfterMs);
    letAllGo(held.all);
    bus.hole("down");
    await fileMany(stage, 2);
    await stage.last(times.lostAfterMs);
    bus.heal();
  },
};
