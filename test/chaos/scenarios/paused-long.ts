import type { Scenario } from "../scenario.ts";
import { holdOnBoth, letAllGo, pairOfMachines } from "../steps.ts";

/** A rig-agent is stopped past every timeout: its work is done elsewhere, and what it does late. */
export const pausedLong: Scenario = {
  name: "paused-long",
  faults: [10, 41],
  isFast: false,
  run: async (stage) => {
    const pair = await pairOfMachines(stage);
    const { holder, other } = pair;
    const held = await holdOnBoth(stage, pair, 3);
    const work = held.on(other);
    other.pause();
    await work.claimed(({ values }) => values["machine"] === holder.machine);
    await work.begun(holder.machine);
    other.resume();
    letAllGo(held.all); // Both attempts go on now, and hand in what they have.
  },
};
