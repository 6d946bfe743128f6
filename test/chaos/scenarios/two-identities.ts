import type { Scenario } from "../scenario.ts";
import { addRig } from "../stage.ts";
import { fileMany, fileWork } from "../work.ts";

/** A second, empty machine is started under the name of one that works. */
export const twoIdentities: Scenario = {
  name: "two-identities",
  faults: [13],
  isFast: false,
  run: async (stage) => {
    await stage.join("vm-a");
    await addRig(stage);
    const held = await fileWork(stage, { name: "held", waits: true });
    await held.begun();
    const impostor = await stage.fleet.add("vm-a", {}, "impostor");
    await impostor.start().catch(() => {}); // That it is refused would be as good.
    const works = await fileMany(stage, 3);
    held.letGo();
    for (const work of works) await work.landed();
    await held.landed();
    if (await impostor.isAlive()) await impostor.powerOff();
    stage.lose(impostor);
  },
};
