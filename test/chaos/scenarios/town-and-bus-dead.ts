import type { Scenario } from "../scenario.ts";
import { addRig } from "../stage.ts";
import { fileMany, fileWork } from "../work.ts";

/** Town and bus are dead; the rig goes on claiming, working and landing over git alone. */
export const townAndBusDead: Scenario = {
  name: "town-and-bus-dead",
  faults: [6, 21],
  isFast: false,
  run: async (stage) => {
    const { town, bus } = stage.fleet;
    const vm = await stage.join("vm-a");
    await addRig(stage);
    const before = await fileWork(stage, { name: "before", waits: true });
    await before.begun();
    await Promise.all([town.kill(), bus.kill()]);
    before.letGo();
    await before.landed();
    const alone = await fileMany(stage, 3, { prefix: "alone", with: stage.local(vm) });
    for (const work of alone) await work.landed();
    await bus.start();
    await town.start();
  },
};
