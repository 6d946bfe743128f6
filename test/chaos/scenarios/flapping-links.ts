import type { Scenario } from "../scenario.ts";
import { holdOnBoth, letAllGo, pairOfMachines } from "../steps.ts";
import { fileMany } from "../work.ts";

/** Every link of one machine comes and goes, many times; messages come twice and out of order. */
export const flappingLinks: Scenario = {
  name: "flapping-links",
  faults: [19, 24],
  isFast: false,
  run: async (stage) => {
    const pair = await pairOfMachines(stage);
    const held = await holdOnBoth(stage, pair, 2);
    const { bus, git, town } = pair.other.links;
    letAllGo(held.all);
    await fileMany(stage, 3);
    const flaps = [bus, town].map((link) => link.flap(10, 400, stage.signal));
    await Promise.all([...flaps, git.flap(4, 900, stage.signal)]);
  },
};
