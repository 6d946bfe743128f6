import { blockLoop } from "../block-loop.ts";
import { times } from "../fleet.ts";
import type { Scenario } from "../scenario.ts";
import { claimsOf, holdOnBoth, letAllGo, losses, pairOfMachines } from "../steps.ts";

/** A rig-agent's event loop is blocked for longer than a loss takes; it beats all the same. */
export const blockedLoop: Scenario = {
  name: "blocked-loop",
  faults: [11],
  isFast: false,
  run: async (stage) => {
    const env = { NODE_OPTIONS: "--inspect-port=127.0.0.1:0" };
    const pair = await pairOfMachines(stage, { env });
    const held = await holdOnBoth(stage, pair, 2);
    await blockLoop(pair.other, times.lostAfterMs * 1.8, stage);
    letAllGo(held.all);
    for (const work of held.all) {
      await work.landed();
      stage.expect(claimsOf(stage, work).length === 1, `${work.id} was claimed again`);
    }
    stage.expect(losses(stage).length === 0, "a blocked event loop was taken for death");
  },
};
