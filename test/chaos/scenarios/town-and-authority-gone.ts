import type { Scenario } from "../scenario.ts";
import { authority } from "../stage.ts";
import { holdOnBoth, letAllGo, pairOfMachines } from "../steps.ts";
import { fileWork } from "../work.ts";

/** Town and authority go at once: the machine that is left takes over by the chain alone. */
export const townAndAuthorityGone: Scenario = {
  name: "town-and-authority-gone",
  faults: [52],
  isFast: false,
  run: async (stage) => {
    const { town } = stage.fleet;
    const pair = await pairOfMachines(stage);
    const held = await holdOnBoth(stage, pair, 3);
    await Promise.all([town.kill(), pair.holder.powerOff()]);
    stage.lose(pair.holder);
    letAllGo(held.all);
    const next = await authority(stage, pair.term);
    stage.expect(next.machine === pair.other.machine, `${next.machine} took the next term`);
    await fileWork(stage, { name: "filed-without-town", with: stage.local(pair.other) });
    for (const work of stage.works()) await work.landed();
    await town.start();
    await fileWork(stage, { name: "filed-after" });
  },
};
