import type { Scenario } from "../scenario.ts";
import { authority } from "../stage.ts";
import { holdOnBoth, letAllGo, pairOfMachines } from "../steps.ts";
import { fileMany } from "../work.ts";

/** The authority is stopped until another has taken its place, and wakes as if nothing had been. */
export const authorityPaused: Scenario = {
  name: "authority-paused",
  faults: [10, 8],
  isFast: false,
  run: async (stage) => {
    const pair = await pairOfMachines(stage);
    const held = await holdOnBoth(stage, pair, 3);
    pair.holder.pause();
    const next = await authority(stage, pair.term);
    stage.expect(next.machine === pair.other.machine, `${next.machine} took the next term`);
    await held.on(pair.holder).begun(pair.other.machine);
    pair.holder.resume();
    letAllGo(held.all);
    await fileMany(stage, 2);
  },
};
