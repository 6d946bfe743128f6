import type { Scenario } from "../scenario.ts";
import { addRig } from "../stage.ts";
import { fileMany, fileWork } from "../work.ts";

/** A rig-agent is killed while its workers are in the middle of their steps; they are adopted. */
export const killedMidWork: Scenario = {
  name: "killed-mid-work",
  faults: [3, 12],
  isFast: true,
  run: async (stage) => {
    const vm = await stage.join("vm-a");
    await addRig(stage);
    const held = await fileWork(stage, { name: "held", waits: true });
    await fileMany(stage, 2);
    await held.begun();
    await vm.kill();
    held.letGo();
    await vm.start();
    await held.landed();
    const spawns = stage.journals.events().filter(({ op, bead }) => {
      return op === "spawn" && bead === held.uid;
    });
    stage.expect(spawns.length === 1, `${held.id} was spawned ${spawns.length} times, not adopted`);
  },
};
