import type { Scenario } from "../scenario.ts";
import { addRig } from "../stage.ts";
import { claimsOf } from "../steps.ts";
import { fileMany, fileWork } from "../work.ts";

/** A rig-agent is killed while it starts a worker; the claim stands, and one worker does it. */
export const killedInSpawn: Scenario = {
  name: "killed-in-spawn",
  faults: [1, 2, 3],
  isFast: true,
  run: async (stage) => {
    const vm = await stage.join("vm-a");
    await addRig(stage);
    const work = await fileWork(stage, { name: "spawned" });
    await work.claimed();
    await vm.kill(); // The claim is durable, and its worker at best half there.
    await vm.start();
    await work.landed();
    const claims = claimsOf(stage, work).length;
    stage.expect(claims === 1, `${work.id} was claimed ${claims} times: its claim did not stand`);
    await fileMany(stage, 2);
  },
};
