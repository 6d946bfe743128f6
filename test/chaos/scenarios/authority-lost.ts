import type { Scenario } from "../scenario.ts";
import { authority } from "../stage.ts";
import { holdOnBoth, letAllGo, pairOfMachines } from "../steps.ts";

/** The machine that holds the authority loses its power for good; the other does what is left. */
export const authorityLost: Scenario = {
  name: "authority-lost",
  faults: [3, 20],
  isFast: false,
  run: async (stage) => {
    const pair = await pairOfMachines(stage);
    const held = await holdOnBoth(stage, pair);
    await pair.holder.powerOff();
    stage.lose(pair.holder);
    letAllGo(held.all);
    const next = await authority(stage, pair.term);
    stage.expect(next.machine === pair.other.machine, `${next.machine} took the next term`);
  },
};
