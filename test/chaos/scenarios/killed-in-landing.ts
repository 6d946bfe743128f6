import type { Scenario } from "../scenario.ts";
import { addRig } from "../stage.ts";
import { isLanding } from "../steps.ts";
import { fileMany } from "../work.ts";

/** A Refinery is killed while its landing is under way: pushed, but the bead not closed. */
export const killedInLanding: Scenario = {
  name: "killed-in-landing",
  faults: [4, 14],
  isFast: false,
  run: async (stage) => {
    const vm = await stage.join("vm-a");
    await addRig(stage);
    let kills = 0;
    const killed = Promise.withResolvers<void>();
    stage.git.on(async (call) => {
      if (!isLanding(call) || kills > 0) return undefined;
      kills += 1;
      await vm.kill();
      // What was sent is applied; nobody is there any more to hear of it.
      setImmediate(killed.resolve);
      return "lose-answer";
    });
    await fileMany(stage, 3);
    await killed.promise;
    await vm.start();
  },
};
