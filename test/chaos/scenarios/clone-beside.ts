import { cp } from "node:fs/promises";
import { join } from "node:path";
import type { Scenario } from "../scenario.ts";
import { addRig } from "../stage.ts";
import { fileMany, fileWork } from "../work.ts";

/** A copy of a machine's disk is started beside it, and both believe to be that machine. */
export const cloneBeside: Scenario = {
  name: "clone-beside",
  faults: [50, 13],
  isFast: false,
  run: async (stage) => {
    const vm = await stage.join("vm-a");
    await addRig(stage);
    const held = await fileWork(stage, { name: "held", waits: true });
    await held.begun();
    const home = join(stage.home, "machines", "twin");
    vm.pause();
    await cp(vm.home, home, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !path.endsWith(".sock"),
    });
    vm.resume();
    const twin = await stage.fleet.add("vm-a", { home }, "twin");
    await twin.start().catch(() => {}); // That it is refused would be as good.
    held.letGo();
    const works = await fileMany(stage, 3);
    for (const work of works) await work.landed();
    await held.landed();
    // Somebody notices, and ends the copy for good.
    if (await twin.isAlive()) await twin.powerOff();
    stage.lose(twin);
  },
};
