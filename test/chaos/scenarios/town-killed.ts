import type { Scenario } from "../scenario.ts";
import { addRig } from "../stage.ts";
import { fileMany } from "../work.ts";

/** The town is killed under load, twice, and started again each time. */
export const townKilled: Scenario = {
  name: "town-killed",
  faults: [6, 7],
  isFast: true,
  run: async (stage) => {
    const { town } = stage.fleet;
    await stage.join("vm-a");
    await addRig(stage);
    const works = await fileMany(stage, 6);
    await Promise.race(works.map((work) => work.claimed()));
    await town.kill();
    await town.start();
    await Promise.race(works.map((work) => work.landed()));
    await town.kill();
    await stage.last(1_000); // The machine works on alone.
    await town.start();
  },
};
