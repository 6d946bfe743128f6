import type { Scenario } from "../scenario.ts";
import { holdOnBoth, letAllGo, pairOfMachines } from "../steps.ts";
import { fileMany } from "../work.ts";

/** The bus loses all that it stored, with work in flight; ledger and git hold everything. */
export const busWiped: Scenario = {
  name: "bus-wiped",
  faults: [22, 23],
  isFast: false,
  run: async (stage) => {
    const { bus } = stage.fleet;
    const pair = await pairOfMachines(stage);
    const held = await holdOnBoth(stage, pair, 3);
    await bus.kill();
    bus.wipe();
    letAllGo(held.all);
    await bus.start();
    await fileMany(stage, 2);
  },
};
