import type { Scenario } from "../scenario.ts";
import { pairOfMachines } from "../steps.ts";
import { fileMany } from "../work.ts";

/** One machine is far away: every chunk takes a third of a second. Work is slow and right. */
export const slowLinks: Scenario = {
  name: "slow-links",
  faults: [24, 25],
  isFast: false,
  run: async (stage) => {
    const pair = await pairOfMachines(stage);
    for (const link of pair.holder.links.all) link.delay(300);
    const works = await fileMany(stage, 4);
    for (const work of works) await work.landed();
    for (const link of pair.holder.links.all) link.heal();
  },
};
